import type { Pop, PopsFilter } from '../client/index.ts'
import type { WatchOptions } from './arguments.ts'

/** Which PoPs are watched. */
export class Selection {
  readonly #codes: readonly string[]
  readonly #countries: readonly string[]
  /** An alert says no country: those that the server has told as being of it, also before. */
  readonly #seen = new Set<string>()

  constructor ({ pops, countries }: Pick<WatchOptions, 'pops' | 'countries'>) {
    this.#codes = pops
    this.#countries = countries
  }

  get isAll (): boolean {
    return this.#codes.length + this.#countries.length === 0
  }

  /** What is asked of the server. */
  get popsFilter (): PopsFilter | true {
    const [code, country] = [this.#codes, this.#countries]
    return this.isAll || { ...code.length > 0 && { code }, ...country.length > 0 && { country } }
  }

  /** undefined: its country is not known yet. */
  has (code: string): boolean | undefined {
    if (this.#codes.length > 0 && !this.#codes.includes(code)) return false
    return this.#countries.length === 0 || this.#seen.has(code) || undefined
  }

  /** Takes in what the server has told of the filter. */
  learn (pops: ReadonlyMap<string, Pop>): void {
    if (!this.isAll) for (const code of pops.keys()) this.#seen.add(code)
  }

  /** What was asked for and no PoP has. */
  unknown (pops: ReadonlyMap<string, Pop>): string[] {
    const countries = new Set(Array.from(pops.values(), ({ country }) => country))
    return [...this.#codes.filter((code) => !pops.has(code)), ...this.#countries.filter((country) => !countries.has(country))]
  }

  toString (): string {
    return [...this.#codes, ...this.#countries].join(', ')
  }
}
