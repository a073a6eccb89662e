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

  /** @param others of further processes of this service */
  expose (others: ReadonlyArray<readonly Family[]> = []): string {
    return expose(others.length === 0 ? this.read() : sumFamilies(this.read(), others))
  }
}
