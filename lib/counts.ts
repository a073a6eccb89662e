/**
 * Counts by name since the process started, which never fall. The names are known beforehand, so that however many
 * others come, they are counted as the last one.
 */
export class Counts<Name extends string | number> {
  readonly #last: Name
  readonly #counts: Map<Name, number>

  /** @param names the last one stands for all that are not among them */
  constructor (names: readonly [...Name[], Name]) {
    this.#last = names[names.length - 1] as Name
    this.#counts = new Map(names.map((name) => [name, 0]))
  }

  add (name: string | number, by = 1): void {
    const counted = this.#counts.has(name as Name) ? name as Name : this.#last
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + by)
  }

  get (name: Name): number {
    return this.#counts.get(name) ?? 0
  }

  get total (): number {
    let total = 0
    for (const count of this.#counts.values()) total += count
    return total
  }

  [Symbol.iterator] (): IterableIterator<[Name, number]> {
    return this.#counts.entries()
  }
}
