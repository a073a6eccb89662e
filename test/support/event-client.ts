import { once } from 'node:events'
import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { constants, createGunzip } from 'node:zlib'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { ServerMessage } from '../../lib/protocol/server-messages.ts'
import { MessageQueue } from './message-queue.ts'

export interface ReceivedEvent extends EventSourceMessage {
  message: ServerMessage
}

/** A client of the event stream, on a parser that is not ours. Every message is checked against the protocol's schemas. */
export class EventClient extends MessageQueue {
  readonly events: ReceivedEvent[] = []
  readonly retries: number[] = []
  comments = 0
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Resolves when the stream has ended, however. */
  readonly ended: Promise<void>
  readonly response: IncomingMessage

  private constructor (response: IncomingMessage) {
    super()
    this.response = response
    this.status = response.statusCode ?? 0
    this.headers = response.headers
    const parser = createParser({
      onEvent: (event) => this.#take(event),
      onRetry: (retry) => { this.retries.push(retry) },
      onComment: () => { this.comments++ }
    })
    const isGzip = this.headers['content-encoding'] === 'gzip'
    // The stream is cut, also by an end that is meant: else what came with it would be lost.
    const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
    const body = isGzip ? response.pipe(gunzip) : response
    body.setEncoding('utf8')
    body.on('data', (text) => parser.feed(text))
    // Of a stream that is cut gunzip says so.
    body.on('error', () => {})
    if (isGzip) response.on('close', () => gunzip.end())
    this.ended = new Promise<void>((resolve) => body.once('close', resolve))
      .then(() => this.fail(new Error('the stream has ended')))
  }

  /** Resolves with the head of the answer. */
  static async open (url: string, headers: Record<string, string> = {}): Promise<EventClient> {
    // No agent: its connection is nobody else's.
    const request = get(url, { agent: false, headers })
    const [response] = await once(request, 'response')
    return new EventClient(response)
  }

  close (): Promise<void> {
    this.response.destroy()
    return this.ended
  }

  #take (event: EventSourceMessage): void {
    this.receive(event.data)
    this.events.push({ ...event, message: JSON.parse(event.data) })
  }
}
