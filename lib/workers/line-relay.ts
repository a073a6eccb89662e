import type { Readable } from 'node:stream'

/** What ends without a line feed for so long is no line. */
const MOST_CHARACTERS = 1_048_576

/** Hands on what a stream has in whole lines, so that those of several streams do not mix; one that is cut off is left out. */
export function relayLines (stream: Readable, write: (lines: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const end = chunk.lastIndexOf('\n') + 1
    if (end > 0) write(rest + chunk.slice(0, end))
    rest = (end > 0 ? '' : rest) + chunk.slice(end)
    if (rest.length > MOST_CHARACTERS) rest = ''
  })
}
