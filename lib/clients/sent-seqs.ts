/**
 * Which updates of an epoch a connection was sent, as ranges: a client that is slow, or leaves a topic and comes back,
 * has gaps, and what lies in a gap it has not had.
 */
export class SentSeqs {
  /** Ascending, apart from each other; the last one is nearly always the only one. */
  #ranges: Array<{ from: number, to: number }> = []

  add (seq: number): void {
    const last = this.#ranges.at(-1)
    if (last !== undefined && seq === last.to + 1) last.to = seq
    else if (!this.has(seq)) this.#insert(seq)
  }

  has (seq: number): boolean {
    return this.#ranges.some(({ from, to }) => from <= seq && seq <= to)
  }

  /** What is not kept in the log any more is asked for by nobody. */
  forgetBefore (seq: number): void {
    if (this.#ranges.length > 1) this.#ranges = this.#ranges.filter(({ to }) => to >= seq)
  }

  #insert (seq: number): void {
    const all = [...this.#ranges, { from: seq, to: seq }].sort((a, b) => a.from - b.from)
    this.#ranges = []
    for (const range of all) {
      const last = this.#ranges.at(-1)
      if (last !== undefined && range.from === last.to + 1) last.to = range.to
      else this.#ranges.push(range)
    }
  }
}
