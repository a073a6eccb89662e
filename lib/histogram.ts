/** Counts values by how large they are. They never fall, so that whoever reads it now and then sees what came between. */
export class Histogram {
  /** Upper bounds of the buckets, ascending; what is beyond the last is counted as well. */
  readonly bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0

  constructor (bounds: readonly number[]) {
    this.bounds = bounds
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  observe (value: number): void {
    let index = 0
    while (index < this.bounds.length && value > (this.bounds[index] as number)) index++
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.#sum += value
  }

  get sum (): number {
    return this.#sum
  }

  get count (): number {
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  /** For each bound, how many were no larger. */
  get cumulative (): number[] {
    let sum = 0
    return this.bounds.map((_, index) => (sum += this.#counts[index] ?? 0))
  }
}
