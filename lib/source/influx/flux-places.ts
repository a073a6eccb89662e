import type { PopPlace } from '../sample-source.ts'
import type { SampleSchema } from './schema.ts'

/** Puts the rows of PoPs and fields together; of each the newest counts, whatever the order of the results. */
export class FluxPlaces {
  readonly #schema: SampleSchema
  readonly #newest = new Map<string, Map<string, { time: number, value: number }>>()

  constructor (schema: SampleSchema) {
    this.#schema = schema
  }

  /** @param value NaN where it is no number */
  add (pop: string, field: string, time: number, value: number): void {
    if (pop === '') return
    const fields = this.#newest.get(pop) ?? new Map<string, { time: number, value: number }>()
    this.#newest.set(pop, fields)
    if (time > (fields.get(field)?.time ?? -Infinity)) fields.set(field, { time, value })
  }

  /** Those that have a sample. */
  result (): Map<string, PopPlace> {
    const places = new Map<string, PopPlace>()
    for (const [pop, fields] of this.#newest) {
      const sample = fields.get(this.#schema.field)
      if (sample === undefined) continue
      const place: PopPlace = { sampleTime: sample.time }
      for (const name of ['latitude', 'longitude'] as const) {
        const degrees = fields.get(this.#schema[name])?.value ?? NaN
        if (Number.isFinite(degrees)) place[name] = degrees
      }
      places.set(pop, place)
    }
    return places
  }
}
