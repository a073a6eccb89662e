import type { Clock } from '../clock.ts'
import type { SampleFleet } from '../fleet/sample-fleet.ts'
import type { Place, SampleSource } from '../source/sample-source.ts'
import type { BesideTask } from './beside.ts'
import type { Troubles } from './troubles.ts'

/** Coordinates move slowly. */
const PLACES_EVERY_MS = 5 * 60_000
/** After a failure, or for a PoP that is new. Not at the next tick: the query that failed may be what overloads the database. */
const PLACES_SOONEST_MS = 60_000
/** Clocks are wrong by some time zones, or by a year. */
const LOOK_BACK_MS = 60 * 60_000
const LOOK_AHEAD_MS = 400 * 24 * 60 * 60_000
/** An empty database is looked at again after so long, for it may have filled under other names meanwhile. */
const EXPLAIN_EVERY_MS = 60_000

export interface TaskOptions {
  source: SampleSource
  fleet: SampleFleet
  clock: Clock
  troubles: Troubles
}

/** Where PoPs stand whose coordinates are fields, and how new their newest samples are in the database. */
export class PlacesTask implements BesideTask {
  readonly name = 'places'
  readonly #options: TaskOptions
  #nextAt = -Infinity
  #soonestAt = -Infinity
  #known: ReadonlyMap<string, unknown> = new Map()
  #coordinates = new Map<string, Pick<Place, 'latitude' | 'longitude'>>()

  constructor (options: TaskOptions) {
    this.#options = options
  }

  async run (): Promise<boolean> {
    const { source, fleet, clock, troubles } = this.#options
    const now = clock.monotonic()
    const isNew = fleet.codes.some((code) => !this.#known.has(code))
    if (fleet.codes.length === 0 || now < this.#soonestAt || (now < this.#nextAt && !isNew)) return false
    this.#soonestAt = now + PLACES_SOONEST_MS
    this.#nextAt = this.#soonestAt
    try {
      const places = await source.places({ start: clock.now() - LOOK_BACK_MS, stop: clock.now() + LOOK_AHEAD_MS })
      this.#take(places)
      this.#nextAt = now + PLACES_EVERY_MS
      troubles.set('places_failed', null)
    } catch (error) {
      troubles.set('places_failed', messageOf(error))
    }
    return true
  }

  #take (places: Awaited<ReturnType<SampleSource['places']>>): void {
    const { fleet } = this.#options
    // One that the database does not know by now is not asked for again and again.
    this.#known = new Map([...fleet.codes.map((code) => [code, null] as const), ...places])
    // A newest sample that does not say where it was says nothing new.
    const coordinates = new Map(Array.from(this.#coordinates).filter(([pop]) => this.#known.has(pop)))
    for (const [pop, { sampleTime, latitude = null, longitude = null }] of places) {
      fleet.observeNewest(pop, sampleTime)
      if (latitude !== null || longitude !== null) coordinates.set(pop, { latitude, longitude })
    }
    this.#coordinates = coordinates
    fleet.setCoordinates(coordinates)
  }
}

/** Why there are no data, said once and looked at again while there are none. */
export class ExplainTask implements BesideTask {
  readonly name = 'explain'
  readonly #options: TaskOptions
  #nextAt = -Infinity

  constructor (options: TaskOptions) {
    this.#options = options
  }

  async run (): Promise<boolean> {
    const { source, fleet, clock, troubles } = this.#options
    if (fleet.codes.length > 0) {
      this.#nextAt = -Infinity
      return false
    }
    if (clock.monotonic() < this.#nextAt) return false
    this.#nextAt = clock.monotonic() + EXPLAIN_EVERY_MS
    try {
      troubles.set('no_data', await source.explain() ?? 'there are no samples yet')
    } catch (error) {
      troubles.set('no_data', `there are no samples, and why could not be found out: ${messageOf(error)}`)
    }
    return true
  }
}

export function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
