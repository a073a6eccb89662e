import { crc32 } from 'node:zlib'

/** `<bytes of the text> <CRC-32 of it in hexadecimal> <the text>` and a line feed: what ends in its midst shows that it does. */
export function record (text: string): Buffer {
  const body = Buffer.from(text)
  return Buffer.concat([Buffer.from(`${body.length} ${checksum(body)} `), body, Buffer.from('\n')])
}

const SPACE = 0x20
const LINE_FEED = 0x0a
/** Of the length and the checksum, with what is between them. */
const MOST_HEAD = 32
const HEAD = /^(\d{1,15}) ([0-9a-f]{8}) $/
const HEAD_BEGUN = /^\d{0,15}( [0-9a-f]{0,8})?$/

/** A record that was read, and where the next one begins. */
export type Read =
  | { kind: 'record', text: string, end: number }
  /** Writing it was cut off: what is there is how one begins, and nothing follows. */
  | { kind: 'torn' }
  /** It is none, or not as it was written. */
  | { kind: 'foreign' }
  | { kind: 'end' }

/** Reads the record that begins there. */
export function readRecord (file: Buffer, start: number): Read {
  if (start === file.length) return { kind: 'end' }
  const first = file.indexOf(SPACE, start)
  const second = first < 0 ? -1 : file.indexOf(SPACE, first + 1)
  if (second < 0 || second - start > MOST_HEAD) {
    const isBegun = file.length - start <= MOST_HEAD && HEAD_BEGUN.test(file.toString('latin1', start))
    return { kind: isBegun ? 'torn' : 'foreign' }
  }
  const [, length, expected] = HEAD.exec(file.toString('latin1', start, second + 1)) ?? []
  if (length === undefined || expected === undefined) return { kind: 'foreign' }
  const end = second + 1 + Number(length)
  if (end >= file.length) return { kind: 'torn' }
  const body = file.subarray(second + 1, end)
  if (file[end] !== LINE_FEED || checksum(body) !== expected) return { kind: 'foreign' }
  return { kind: 'record', text: body.toString(), end: end + 1 }
}

function checksum (body: Buffer): string {
  return crc32(body).toString(16).padStart(8, '0')
}
