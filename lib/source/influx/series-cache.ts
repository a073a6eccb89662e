import { NOWHERE, type Place, type SeriesKey } from '../sample-source.ts'
import { RESERVED_NAMES, type SampleSchema } from './schema.ts'

/** A row of an answer, by column. */
export type Fields = ReadonlyArray<string | number | boolean | null>

/** Where a table has what; -1 where it has not. */
export interface TagColumns {
  pop: number
  functionName: number
  /** City, country, tier, latitude, longitude. */
  place: readonly number[]
  /** All others, by name. */
  others: ReadonlyArray<{ name: string, index: number }>
}

/** A series and where its newest row says that it stands. */
export interface KnownSeries {
  series: SeriesKey
  place: Place
  /** What `place` was made of. */
  said: readonly string[]
}

/** However few rows an answer may have, so many series of several answers stay known. */
export const MIN_CACHED_SERIES = 10_000

/** Tag values hold no line break, since one would end a line of line protocol. */
const SEPARATOR = '\n'

/**
 * @param names of the columns
 * @param first index of the first that is a tag
 */
export function tagColumns (names: readonly string[], first: number, schema: SampleSchema): TagColumns {
  const { popTag, functionTag, cityTag, countryTag, tierTag, latitude, longitude } = schema
  const place = [cityTag, countryTag, tierTag, latitude, longitude]
  const known = new Set([popTag, functionTag, ...place, ...RESERVED_NAMES])
  // Flux puts its own columns first, and tags of the same names (`result`, `table`) behind them.
  const indexOf = (name: string) => names.indexOf(name, first)
  return {
    pop: indexOf(popTag),
    functionName: indexOf(functionTag),
    place: place.map(indexOf),
    others: names.map((name, index) => ({ name, index }))
      .filter(({ name, index }) => index >= first && !known.has(name))
      .sort((a, b) => a.name < b.name ? -1 : 1)
  }
}

/**
 * Gives every series and every place one object, for as long as they are seen: what was not since the cache was last
 * full goes when it is full again.
 */
export class SeriesCache {
  readonly #limit: number
  #recent = new Map<string, KnownSeries>()
  #older = new Map<string, KnownSeries>()
  #places = new Map<string, Place>()

  /** @param limit of each of two generations of series, and of places */
  constructor (limit: number) {
    this.#limit = limit
  }

  /** @returns null for a row without a PoP */
  find (columns: TagColumns, fields: Fields): KnownSeries | null {
    const pop = text(fields, columns.pop)
    if (pop === '') return null
    const functionName = text(fields, columns.functionName)
    let id = pop + SEPARATOR + functionName
    for (const { name, index } of columns.others) {
      const value = text(fields, index)
      if (value !== '') id += SEPARATOR + name + SEPARATOR + value
    }
    const known = this.#recent.get(id) ?? this.#renew(id, pop, functionName)
    if (hasMoved(known, columns, fields)) this.#move(known, columns, fields)
    return known
  }

  #renew (id: string, pop: string, functionName: string): KnownSeries {
    if (this.#recent.size >= this.#limit) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    const known = this.#older.get(id) ?? { series: { id, pop, functionName }, place: NOWHERE, said: ['', '', '', '', ''] }
    this.#recent.set(id, known)
    return known
  }

  #move (known: KnownSeries, columns: TagColumns, fields: Fields): void {
    known.said = columns.place.map((index) => text(fields, index))
    const key = known.said.join(SEPARATOR)
    let place = this.#places.get(key)
    if (place === undefined) {
      if (this.#places.size >= this.#limit) this.#places.clear()
      place = placeOf(known.said)
      this.#places.set(key, place)
    }
    known.place = place
  }
}

function hasMoved ({ said }: KnownSeries, { place }: TagColumns, fields: Fields): boolean {
  for (let field = 0; field < said.length; field++) {
    if (text(fields, place[field] ?? -1) !== said[field]) return true
  }
  return false
}

function placeOf ([city = '', country = '', tier = '', latitude = '', longitude = '']: readonly string[]): Place {
  return {
    city: city === '' ? null : city,
    country: country === '' ? null : country,
    tier: tier === '' ? null : tier,
    latitude: degrees(latitude),
    longitude: degrees(longitude)
  }
}

function degrees (said: string): number | null {
  return said.trim() !== '' && Number.isFinite(Number(said)) ? Number(said) : null
}

function text (fields: Fields, index: number): string {
  const value = index === -1 ? '' : fields[index]
  return typeof value === 'string' ? value : ''
}
