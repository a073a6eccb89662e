/**
 * Which updates of an epoch a connection was sent, as ranges: a client that is slow, or leaves a topic and comes back,
 * has gaps, and what lies in a gap it has not had. It knows of the last `span` updates, which is all that is ever asked for.
 */
export class SentSeqs {
  /** Ascending, apart from each other; the last one is nearly always the only one. */
  #ranges: Array<{ from: number, to: number }> = []
  readonly #span: number

  constructor (span: number) {
    this.#span = span
  }

  /** Ranges that are remembered. */
  get size (): number {
    return this.#ranges.length
  }

  add (seq: number): void {
    const last = this.#ranges.at(-1)
    if (last !== undefined && seq === last.to + 1) last.to = seq
    else if (!this.has(seq)) this.#insert(seq)
  }

  has (seq: number): boolean {
    return this.#ranges.some(({ from, to }) => from <= seq && seq <= to)
  }

  clear (): void {
    this.#ranges = []
  }

  #insert (seq: number): void {
    const all = [...this.#ranges, { from: seq, to: seq }].sort((a, b) => a.from - b.from)
    this.#ranges = []
    const oldest = (all.at(-1)?.to ?? 0) - this.#span
    for (const range of all) {
      if (range.to < oldest) continue
      const last = this.#ranges.at(-1)
      if (last !== undefined && range.from === last.to + 1) last.to = range.to
      else this.#ranges.push(range)
    }
  }
}
