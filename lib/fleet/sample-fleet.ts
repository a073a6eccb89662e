import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Place, SeriesKey } from '../source/sample-source.ts'
import { CLOCK_TOLERANCE_MS, ClockFaults, type ClockFault } from './clock-faults.ts'
import { Lateness, type LatenessSnapshot } from './lateness.ts'
import { buildOverview, type Overview } from './overview.ts'
import { popDetails, popStates, PopsSnapshot, type PopDetail, type PopState } from './pop-state.ts'
import { PopTracks } from './pop-tracks.ts'
import { logTransitions } from './pop-transitions.ts'
import type { DetectorSnapshot, Regression, RegressionDetector, RegressionEvent } from './regression-detector.ts'
import type { SampleWindow, WindowSnapshot } from './sample-window.ts'
import type { Series } from './series.ts'

/** Clocks are never quite right: a sample that is ahead of ours by no more than this is one of now. */
const AHEAD_OF_NOW_MS = 1_000
/** Between readings that are farther apart than so many polls more may have come than comes at once. */
const REGULAR = 1.5

export interface SampleFleetOptions {
  window: SampleWindow
  detector: RegressionDetector
  clock: Clock
  log: Log
  healthyBelowMs: number
  /** How often the source is asked, ms. */
  pollMs: number
}

/** What is known after a reading. */
export interface FleetReport {
  overview: Overview
  silentPops: number
  pops: PopsSnapshot
  details: ReadonlyMap<string, PopDetail>
  /** Of the newest sample, ms since the epoch; null when no PoP reported within the window. */
  dataTime: number | null
  /** ms until every PoP is silent, unless newer data come; at most 0: they are. */
  oldInMs: number
  /** What it says about regressions that the report before did not. */
  events: readonly RegressionEvent[]
  /** After those; open oldest first, closed newest first. */
  regressions: { open: readonly Regression[], closed: readonly Regression[] }
}

/** All that is remembered from one report to the next, besides the samples, which are read again. Plain data. */
export interface FleetSnapshot {
  /** null: there was no report yet. */
  pops: readonly PopState[] | null
  detector: DetectorSnapshot
  lateness: LatenessSnapshot
}

type Coordinates = Pick<Place, 'latitude' | 'longitude'>

/** What is known of all PoPs: it takes samples as they are read, and says after each reading what they come to. */
export class SampleFleet {
  readonly #options: SampleFleetOptions
  readonly #tracks: PopTracks
  readonly #faults: ClockFaults
  readonly #lateness = new Lateness()
  /** Series that have newer samples than before this reading, with the newest they had. */
  readonly #advanced = new Map<Series, number>()
  #coordinates: ReadonlyMap<string, Coordinates> = new Map()
  #pops: PopsSnapshot | null = null
  #dataTime: number | null = null
  #settledAt = -Infinity

  constructor (options: SampleFleetOptions) {
    this.#options = options
    this.#tracks = new PopTracks(options)
    this.#faults = new ClockFaults(options.log)
  }

  /** Takes one sample of a tick's reading; the same one again changes nothing. */
  readonly take = (key: SeriesKey, place: Place, time: number, value: number): void => {
    const { series, isNew } = this.#add(key, place, time, value)
    if (isNew && series?.advancedAt !== null) this.#lateness.observe(time)
  }

  /** Takes one sample of a reading that makes up for what is missing of the past. */
  readonly fill = (key: SeriesKey, place: Place, time: number, value: number): void => {
    this.#add(key, place, time, value)
  }

  get codes (): string[] {
    return Array.from(this.#options.window.codes)
  }

  /** Time of the newest sample, as far as it is not ahead of our clock; null while there is none. */
  get newestTime (): number | null {
    return this.#dataTime === null ? null : Math.min(this.#dataTime, this.#options.clock.now())
  }

  /** How late samples came lately, ms: the next reading has to go back so far. */
  get latenessMs (): number {
    return this.#lateness.ms
  }

  get slowestIntervalMs (): number | null {
    return this.#tracks.rhythm.slowestIntervalMs
  }

  get clockFaults (): ClockFault[] {
    return this.#faults.current
  }

  /** Where PoPs stand whose samples do not say it. */
  setCoordinates (coordinates: ReadonlyMap<string, Coordinates>): void {
    this.#coordinates = coordinates
  }

  /** A look beside the readings found this as the newest sample of a PoP. */
  observeNewest (code: string, sampleTime: number): void {
    const known = this.#options.window.pop(code)
    this.#faults.newest(code, sampleTime, this.#options.clock.now(), known === undefined || known.placeTime < sampleTime)
  }

  /** A tick's reading has ended. */
  readingEnds (): void {
    const now = this.#options.clock.now()
    for (const [series, before] of this.#advanced) {
      if (series.advancedAt !== null) this.#lateness.observeGap(before, series.newestTime, series.longestMs)
    }
    this.#settle()
    this.#lateness.readingEnds(now, this.#options.window.series)
  }

  /** What is known now. */
  update (): FleetReport {
    // What slices brought since.
    if (this.#advanced.size > 0) this.#settle()
    const { detector, healthyBelowMs, window } = this.#options
    const pops = this.#tracks.look(window.pops)
    const { assessments, events } = detector.update(pops)
    const places = new Map(Array.from(window.pops, ({ code, place }) => [code, this.#placeOf(code, place)]))
    const snapshot = new PopsSnapshot(popStates(pops, { places, assessments, healthyBelowMs }), this.#pops)
    logTransitions(snapshot, this.#options.log)
    this.#pops = snapshot
    return {
      overview: buildOverview(pops, detector.regressions, { healthyBelowMs }),
      silentPops: pops.filter(({ isSilent }) => isSilent).length,
      pops: snapshot,
      details: popDetails(pops, assessments),
      dataTime: this.#dataTime,
      oldInMs: this.#tracks.silentInMs,
      events,
      regressions: { open: detector.open, closed: detector.closed }
    }
  }

  snapshot (): FleetSnapshot {
    return {
      pops: this.#pops?.states ?? null,
      detector: this.#options.detector.snapshot(),
      lateness: this.#lateness.snapshot()
    }
  }

  /** Goes on from there, as if this process had made the reports before. */
  restore ({ pops, detector, lateness }: FleetSnapshot): void {
    this.#pops = pops === null ? null : new PopsSnapshot(pops, null)
    // Until they have been looked up again: a PoP does not leave its place for a moment.
    this.#coordinates = new Map(pops?.map(({ code, latitude, longitude }) => [code, { latitude, longitude }]))
    this.#options.detector.restore(detector)
    this.#lateness.restore(lateness)
  }

  /** Goes on from there, as far as it is about samples. */
  restoreWindow (snapshot: WindowSnapshot, ageMs: number): void {
    const { window, clock } = this.#options
    window.restore(snapshot, clock.monotonic() - ageMs)
    this.#settledAt = clock.monotonic() - ageMs
    window.prune(clock.now())
    this.#dataTime = this.#newest(clock.now())
  }

  #add (key: SeriesKey, place: Place, time: number, value: number): { series: Series | null, isNew: boolean } {
    if (time - this.#options.clock.now() > CLOCK_TOLERANCE_MS) return { series: null, isNew: false }
    const { series, isNew, newestBefore } = this.#options.window.add(key, place, time, value)
    if (!(time <= newestBefore) && !this.#advanced.has(series)) this.#advanced.set(series, newestBefore)
    return { series, isNew }
  }

  #settle (): void {
    const { clock, window, pollMs } = this.#options
    const [at, now] = [clock.monotonic(), clock.now()]
    const isRegular = at - this.#settledAt < REGULAR * pollMs
    for (const [series, before] of this.#advanced) {
      series.advance(at, now - series.newestTime, isRegular ? series.newestTime - before : null)
    }
    this.#settledAt = at
    this.#advanced.clear()
    window.prune(now)
    this.#dataTime = this.#newest(now)
  }

  /** A PoP whose clock is ahead does not say what time it is, unless there is no other. */
  #newest (now: number): number | null {
    let [newest, leastAhead] = [-Infinity, Infinity]
    for (const { placeTime } of this.#options.window.pops) {
      if (placeTime <= now + AHEAD_OF_NOW_MS) newest = Math.max(newest, placeTime)
      else leastAhead = Math.min(leastAhead, placeTime)
    }
    if (newest > -Infinity) return newest
    return leastAhead < Infinity ? leastAhead : null
  }

  #placeOf (code: string, place: Place): Place {
    const fields = this.#coordinates.get(code)
    if (fields === undefined) return place
    return { ...place, latitude: place.latitude ?? fields.latitude, longitude: place.longitude ?? fields.longitude }
  }
}
