import type { Writable } from 'node:stream'

/** What waits for a reader that does not read; beyond it lines are dropped and counted. */
const MAX_WAITING_BYTES = 1_048_576

/** Lines to a pipe, a file or a terminal; memory does not grow with a reader that is slow. */
export class Output {
  readonly #stream: Writable
  readonly #describeDropped: (lines: number) => string
  #dropped = 0

  /** @param describeDropped the line that says how many were dropped, written when there is room again */
  constructor (stream: Writable, describeDropped: (lines: number) => string) {
    this.#stream = stream
    this.#describeDropped = describeDropped
    stream.on('drain', () => this.#tellDropped())
  }

  line (text: string): void {
    // A line that is alone may be as long as it is.
    if (this.#dropped > 0 || (this.#stream.writableLength > 0 && this.#stream.writableLength + text.length > MAX_WAITING_BYTES)) {
      this.#dropped++
    } else this.#stream.write(`${text}\n`)
  }

  /** Resolves when all is written, at the latest after `withinMs`. */
  async flush (withinMs: number): Promise<void> {
    if (!this.#stream.writable || this.#stream.writableLength === 0) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => { timer = setTimeout(resolve, withinMs) })
    await Promise.race([new Promise<void>((resolve) => this.#stream.write('', () => resolve())), late])
    clearTimeout(timer)
  }

  #tellDropped (): void {
    const lines = this.#dropped
    if (lines === 0) return
    this.#dropped = 0
    this.line(this.#describeDropped(lines))
  }
}
