import { expose, type Family } from './exposition.ts'
import { sumFamilies } from './sum.ts'

/** Reads what is known of one subject now, from the totals that there are: nothing is counted for the metrics alone. */
export type ReadFamilies = () => Iterable<Family>

/** What `GET /metrics` answers with: whoever has something to tell says so once, and is read at every scrape. */
export class Registry {
  readonly #readers: ReadFamilies[] = []

  add (read: ReadFamilies): void {
    this.#readers.push(read)
  }

  read (): Family[] {
    return this.#readers.flatMap((read) => Array.from(read()))
  }

  /**
   * @param own as they were told to others, where they were: those and no newer ones are summed with theirs
   * @param others of further processes of this service
   */
  expose (own: readonly Family[] = [], others: ReadonlyArray<readonly Family[]> = []): string {
    const told = new Map(own.map((family) => [family.name, family]))
    return expose(sumFamilies(this.read().map((family) => told.get(family.name) ?? family), others))
  }
}
