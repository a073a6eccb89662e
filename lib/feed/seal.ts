import { crc32 } from 'node:zlib'

/** With a CRC-32 of it in a line of its own at the end, so that who reads it knows that it is what was written. */
export function sealed (text: string): string {
  return `${text}\n${crc32(text)}`
}

/** @returns what was sealed @throws when it is not what was written */
export function unsealed (text: string): string {
  const end = text.lastIndexOf('\n')
  const content = text.slice(0, end)
  if (end === -1 || text.slice(end + 1) !== `${crc32(content)}`) throw new TypeError('not what was written')
  return content
}
