import type { Pop, PopsFilter } from '../client/index.ts'
import type { WatchOptions } from './arguments.ts'

/** `unknownPops` of a `subscription_confirmed`. */
export interface UnknownPops {
  readonly code?: readonly string[]
  readonly country?: readonly string[]
}

/** Which PoPs are watched. */
export class Selection {
  readonly #codes: readonly string[]
  readonly #countries: readonly string[]
  /** An alert says no country: those that the server has told as being of it, also before. */
  readonly #seen = new Set<string>()
  #unknown: Required<UnknownPops> = { code: [], country: [] }

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

  /** Takes in which values the server has said that no PoP has, whatever the others are. */
  learnUnknown ({ code = [], country = [] }: UnknownPops = {}): void {
    this.#unknown = { code, country }
  }

  /** Which part of what was asked for fits no PoP, a sentence for each kind. @param pops those that fit */
  unfit (pops: ReadonlyMap<string, Pop>): string[] {
    const found = new Set(Array.from(pops.values(), ({ country }) => country))
    const codes = this.#codes.filter((code) => !pops.has(code))
    const countries = this.#countries.filter((country) => !found.has(country))
    // Of two conditions those that fit say of a value only that it does not go with the other one.
    const isOne = this.#codes.length === 0 || this.#countries.length === 0
    const noCodes = isOne ? codes : codes.filter((code) => this.#unknown.code.includes(code))
    const noCountries = isOne ? countries : countries.filter((country) => this.#unknown.country.includes(country))
    return [
      ...noCodes.length > 0 ? [`no such PoP reports: ${noCodes.join(', ')}`] : [],
      ...noCountries.length > 0 ? [`no PoP in ${noCountries.join(', ')}`] : [],
      ...isOne ? [] : this.#apart(codes, noCodes, countries, noCountries)
    ]
  }

  /** What does not go together, of the values that some PoP has. */
  #apart (codes: string[], noCodes: string[], countries: string[], noCountries: string[]): string[] {
    const without = (all: readonly string[], some: string[]) => all.filter((value) => !some.includes(value))
    const [realCodes, realCountries] = [without(this.#codes, noCodes), without(this.#countries, noCountries)]
    const [strayCodes, strayCountries] = [without(codes, noCodes), without(countries, noCountries)]
    if (realCodes.length === 0 || realCountries.length === 0) return []
    return [
      ...strayCodes.length > 0 ? [`not in ${realCountries.join(', ')}: ${strayCodes.join(', ')}`] : [],
      // Where none of the codes fits, that says it all.
      ...strayCountries.length > 0 && strayCodes.length < realCodes.length
        ? [`in ${strayCountries.join(', ')} none of ${realCodes.join(', ')}`]
        : []
    ]
  }

  toString (): string {
    return [this.#codes.join(', '), this.#countries.join(', ')].filter((part) => part !== '').join(' in ')
  }
}
