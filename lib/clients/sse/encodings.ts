import { constants, deflateRawSync } from 'node:zlib'
import type { Encoding } from '../../feed/shared-message.ts'
import { COMMENT, encodeEvent } from './event.ts'

/** An encoding of event streams. */
export interface EventEncoding extends Encoding {
  /** Value of Content-Encoding; null: none. */
  readonly contentEncoding: 'gzip' | null
  /** What every stream begins with. */
  readonly head: Buffer
  readonly comment: Buffer
  /** An event for one client alone. */
  own (event: Buffer): Buffer
}

/** Events as they are. */
export const PLAIN_EVENTS: EventEncoding = {
  name: 'events',
  contentEncoding: null,
  head: Buffer.alloc(0),
  comment: COMMENT,
  encode: ({ message, json }) => encodeEvent(message, json),
  own: (event) => event
}

/** RFC 1952 2.3: deflate, no flags, no time, unknown system. */
const GZIP_HEAD = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])
/** RFC 1951 3.2.4: so long a block may be that is not compressed. */
const MOST_STORED = 0xffff
const STORED_HEAD_BYTES = 5

/**
 * One gzip stream per client, made of the same bytes for all: each event is deflated by itself and ends at a byte (a sync
 * flush), so that in any order they are one deflate stream. What goes to one client alone is stored in it as it is.
 * @param deflateFrom an event of fewer bytes is not worth deflating
 */
export function gzipEvents (deflateFrom: number): EventEncoding {
  return {
    name: 'events-gzip',
    contentEncoding: 'gzip',
    head: GZIP_HEAD,
    comment: stored(COMMENT),
    encode (message) {
      const event = message.as(PLAIN_EVENTS)
      return event.length < deflateFrom ? stored(event) : deflateRawSync(event, { finishFlush: constants.Z_SYNC_FLUSH })
    },
    own: stored
  }
}

/** Blocks that are not compressed: they begin at a byte, as what comes before them ends at one. */
function stored (event: Buffer): Buffer {
  const blocks: Buffer[] = []
  for (let start = 0; start < event.length; start += MOST_STORED) {
    const data = event.subarray(start, start + MOST_STORED)
    const head = Buffer.alloc(STORED_HEAD_BYTES)
    head.writeUInt16LE(data.length, 1)
    head.writeUInt16LE(data.length ^ 0xffff, 3)
    blocks.push(head, data)
  }
  return Buffer.concat(blocks)
}
