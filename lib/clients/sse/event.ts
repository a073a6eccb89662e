import type { ServerMessage } from '../../protocol/server-messages.ts'

/** An `EventSource` has an event of this name of its own. */
const EVENT_NAMES: Partial<Record<ServerMessage['type'], string>> = { error: 'feed_error' }

/**
 * A message as an event of https://html.spec.whatwg.org/multipage/server-sent-events.html, named by its type. Its id is the
 * position that it tells: a browser gives the last one as `Last-Event-ID` when it comes back.
 * @param json the message; it has no line breaks
 * @param retryMs after which a browser comes back by itself
 */
export function encodeEvent (message: ServerMessage, json: Buffer, retryMs?: number): Buffer {
  const retry = message.type === 'server_shutdown' ? message.retryAfterMs : retryMs
  const lines = [
    `event: ${EVENT_NAMES[message.type] ?? message.type}`,
    ...('epoch' in message ? [`id: ${message.epoch}:${message.seq}`] : []),
    ...(retry === undefined ? [] : [`retry: ${retry}`]),
    'data: '
  ]
  return Buffer.concat([Buffer.from(lines.join('\n')), json, END])
}

const END = Buffer.from('\n\n')

/** Keeps what lies between from closing the connection; a client ignores it. */
export const COMMENT = Buffer.from(':\n\n')
