import type { Place, SeriesKey } from '../source/sample-source.ts'
import { base64, doubles } from './base64.ts'
import { Series, type ArrivalSnapshot } from './series.ts'

/** A slow writer's last samples are kept beyond the window, so that its regressions can be told ... */
const SAMPLES_KEPT = 18
/** ... but not for longer than this; nor is the window made longer for it. */
export const LONGEST_MS = 2 * 60 * 60_000
/** A series is let go when it has been silent for so many of its intervals, and is older than the window. */
const INTERVALS_KEPT = 3
/** What is dropped at once when there is too much: this share of the time that is held. */
const SHARE_DROPPED = 0.05

export interface SampleWindowOptions {
  spanMs: number
  maxRows: number
  maxBytes: number
}

/** One PoP's series, by function. */
export interface PopSeries {
  readonly code: string
  /** As its newest sample says. */
  place: Place
  placeTime: number
  readonly byFunction: Map<string, Series[]>
}

export interface Added {
  series: Series
  isNew: boolean
  newestBefore: number
}

/**
 * The newest samples of each series, as many as its rhythm and its regressions are told from, and when they came: what cannot be
 * read again, or would be told wrong until it is. Plain data; samples are in base64.
 */
export interface WindowSnapshot {
  pops: ReadonlyArray<{ code: string, place: Place, placeTime: number }>
  series: ReadonlyArray<ArrivalSnapshot & { id: string, pop: number, functionName: string, samples: number }>
  times: string
  values: string
}

/**
 * The samples of the last while, in memory: bounded in time, rows and bytes.
 * Read in any order and as often as one likes, it is the same.
 */
export class SampleWindow {
  readonly #options: SampleWindowOptions
  readonly #series = new Map<string, Series>()
  readonly #pops = new Map<string, PopSeries>()
  #rows = 0
  #bytes = 0
  #isCut = false
  #cutAt = -Infinity

  constructor (options: SampleWindowOptions) {
    this.#options = options
  }

  get rows (): number {
    return this.#rows
  }

  /** Of the samples, and an estimate of what holds them. */
  get bytes (): number {
    return this.#bytes
  }

  /** Whether samples had to be dropped that the time alone would have kept, lately: they would still be in the window. */
  get isCut (): boolean {
    return this.#isCut
  }

  get series (): IterableIterator<Series> {
    return this.#series.values()
  }

  get pops (): IterableIterator<PopSeries> {
    return this.#pops.values()
  }

  get codes (): IterableIterator<string> {
    return this.#pops.keys()
  }

  pop (code: string): PopSeries | undefined {
    return this.#pops.get(code)
  }

  get oldestTime (): number | null {
    let oldest = Infinity
    for (const series of this.#series.values()) oldest = Math.min(oldest, series.oldestTime)
    return oldest === Infinity ? null : oldest
  }

  /** @returns the series, whether it did not have the sample, and the time of its newest one before (NaN: none) */
  add (key: SeriesKey, place: Place, time: number, value: number): Added {
    const series = this.#series.get(key.id) ?? this.#begin(key, place)
    const { bytes, newestTime: newestBefore } = series
    const isNew = series.put(time, value)
    if (isNew) this.#rows++
    this.#bytes += series.bytes - bytes
    this.#settle(key.pop, place, time)
    if (this.#rows > this.#options.maxRows || this.#bytes > this.#options.maxBytes) this.#shrink()
    return { series, isNew, newestBefore }
  }

  /** Lets go of what is too old at this time, ms since the epoch. */
  prune (now: number): void {
    const { spanMs } = this.#options
    this.#isCut = now - this.#cutAt < spanMs
    for (const series of this.#series.values()) {
      const interval = series.longestMs ?? 0
      if (series.newestTime < now - Math.max(spanMs, Math.min(LONGEST_MS, INTERVALS_KEPT * interval))) this.#end(series)
      else this.#drop(series, now - Math.max(spanMs, Math.min(LONGEST_MS, SAMPLES_KEPT * interval)))
    }
  }

  /** @param at on the monotonic clock */
  snapshot (at: number): WindowSnapshot {
    const pops = Array.from(this.#pops.values())
    const numbers = new Map(pops.map(({ code }, index) => [code, index]))
    const all = Array.from(this.#series.values(), (series) => ({ series, samples: Math.min(SAMPLES_KEPT, series.size) }))
    const total = all.reduce((sum, { samples }) => sum + samples, 0)
    const [times, values] = [new Float64Array(total), new Float64Array(total)]
    let next = 0
    for (const { series, samples } of all) {
      for (let newer = samples - 1; newer >= 0; newer--, next++) {
        times[next] = series.timeFromEnd(newer)
        values[next] = series.valueFromEnd(newer)
      }
    }
    return {
      pops: pops.map(({ code, place, placeTime }) => ({ code, place, placeTime })),
      series: all.map(({ series, samples }) => {
        const { id, pop, functionName } = series.key
        return { id, pop: numbers.get(pop) ?? -1, functionName, samples, ...series.arrivals(at) }
      }),
      times: base64(times),
      values: base64(values)
    }
  }

  /** Takes what another process, or this one before, had. @param at of the snapshot, on the monotonic clock */
  restore ({ pops, series, times, values }: WindowSnapshot, at: number): void {
    const [allTimes, allValues] = [doubles(times), doubles(values)]
    let next = 0
    for (const { id, pop: number, functionName, samples, ...arrivals } of series) {
      const pop = pops[number]
      if (pop === undefined) continue
      const key = { id, pop: pop.code, functionName }
      for (const end = next + samples; next < end; next++) {
        const { series: restored } = this.add(key, pop.place, allTimes[next] ?? NaN, allValues[next] ?? NaN)
        if (next === end - 1) restored.restoreArrivals(arrivals, at)
      }
    }
  }

  #begin (key: SeriesKey, place: Place): Series {
    const series = new Series(key)
    this.#series.set(key.id, series)
    this.#bytes += series.bytes
    const pop = this.#pops.get(key.pop) ?? { code: key.pop, place, placeTime: -Infinity, byFunction: new Map() }
    this.#pops.set(key.pop, pop)
    pop.byFunction.set(key.functionName, [...pop.byFunction.get(key.functionName) ?? [], series])
    return series
  }

  #settle (code: string, place: Place, time: number): void {
    const pop = this.#pops.get(code)
    if (pop === undefined || time < pop.placeTime) return
    pop.place = place
    pop.placeTime = time
  }

  #drop (series: Series, before: number): void {
    this.#rows -= series.dropBefore(before)
  }

  #end (series: Series): void {
    const { id, pop: code, functionName } = series.key
    this.#rows -= series.size
    this.#bytes -= series.bytes
    this.#series.delete(id)
    const pop = this.#pops.get(code)
    const others = pop?.byFunction.get(functionName)?.filter((other) => other !== series) ?? []
    if (others.length > 0) pop?.byFunction.set(functionName, others)
    else pop?.byFunction.delete(functionName)
    if (pop?.byFunction.size === 0) this.#pops.delete(code)
  }

  /** Drops the oldest of all until there is room for a while. */
  #shrink (): void {
    const { maxRows, maxBytes } = this.#options
    this.#isCut = true
    let newest = -Infinity
    for (const series of this.#series.values()) newest = Math.max(newest, series.newestTime)
    this.#cutAt = newest
    let oldest = this.oldestTime ?? newest
    const most = (1 - SHARE_DROPPED) * maxRows
    for (let tries = 0; tries < 100 && (this.#rows > most || this.#bytes > maxBytes) && oldest < newest; tries++) {
      oldest += Math.max(1, SHARE_DROPPED * (newest - oldest))
      for (const series of Array.from(this.#series.values())) {
        this.#drop(series, oldest)
        if (series.size === 0) this.#end(series)
      }
      this.#shrinkArrays()
    }
  }

  /** Bytes are those of arrays, which do not shrink by what is dropped from them. */
  #shrinkArrays (): void {
    for (const series of this.#series.values()) {
      const { bytes } = series
      series.compact()
      this.#bytes += series.bytes - bytes
    }
  }
}
