import { StringDecoder } from 'node:string_decoder'
import { SourceError } from '../source-error.ts'

/** No line of an answer is longer: a thousand rows, or one CSV record, with more room than any tags need. */
const MAX_LINE_CHARACTERS = 4 * 1_048_576

/** Cuts an answer into lines while it comes, wherever its chunks end. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8')
  readonly #take: (line: string) => void
  #rest = ''

  /** @param take gets each line without its end */
  constructor (take: (line: string) => void) {
    this.#take = take
  }

  /** @throws {SourceError} when a line has no end */
  push (chunk: Uint8Array): void {
    const text = this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    let start = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      const line = this.#rest + text.slice(start, end)
      this.#rest = ''
      start = end + 1
      this.#take(line.endsWith('\r') ? line.slice(0, -1) : line)
    }
    this.#rest += text.slice(start)
    if (this.#rest.length > MAX_LINE_CHARACTERS) {
      throw new SourceError('bad_answer', `a line of the answer has more than ${MAX_LINE_CHARACTERS} characters`)
    }
  }

  /** The answer is whole: hands over a last line that has no end of its own. */
  end (): void {
    const line = this.#rest + this.#decoder.end()
    this.#rest = ''
    if (line !== '') this.#take(line)
  }
}
