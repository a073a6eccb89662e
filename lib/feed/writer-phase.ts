import { lowerMedian } from '../fleet/statistics.ts'
import { LandingOffset, type LandingSnapshot } from './landing-offset.ts'
import type { Phase } from './schedule.ts'

/**
 * Shares of the poll interval: samples agree within `TOLERANCE`; they have moved when they left the schedule by more than
 * `DRIFT`, and are followed when they are later by more than `NOISE`; timers are early by at most `EARLY`.
 */
const TOLERANCE = 1 / 10
const DRIFT = 1 / 20
const NOISE = 1 / 200
const EARLY = 1 / 20
/** Samples that must agree. After a schedule that did not last `LASTING` samples twice as many, up to all that are remembered. */
const AGREEING = 3
const LASTING = 30
const REMEMBERED = 12
const REMEMBERED_GAPS = 5

interface Sample {
  time: number
  /** ms, when first seen. */
  age: number
}

/** Plain data: JSON takes it there and back. All times are wall clock, so that it holds in another process as well. */
export interface PhaseSnapshot {
  intervalMs: number
  offset: LandingSnapshot
  newest: number | null
  samples: readonly Sample[]
  gaps: readonly number[]
  phase: number | null
  hasPattern: boolean
  sinceLearned: number
  needed: number
  stalled: boolean
}

/**
 * Learns from the sample times alone when the writer writes and how long its samples take to be readable, and says
 * when to poll so that they are read young. All times are wall clock, ms since the epoch; phases are on the writer's.
 */
export class WriterPhase implements Phase {
  readonly #intervalMs: number
  readonly #offset: LandingOffset
  #newest: number | null = null
  #samples: Sample[] = []
  #gaps: number[] = []
  #phase: number | null = null
  #hasPattern = false
  #sinceLearned = LASTING
  #needed = AGREEING
  /** A sample was due and the newest one did not advance. */
  #stalled = false

  constructor (intervalMs: number) {
    this.#intervalMs = intervalMs
    this.#offset = new LandingOffset(intervalMs)
  }

  /** A poll at `polledAt` found `dataTime` as the time of the newest sample. */
  observe (polledAt: number, dataTime: number | null): void {
    if (dataTime === null) return
    const advanced = this.#newest === null || dataTime > this.#newest
    if (this.#hasPattern) this.#judge(polledAt, dataTime, advanced)
    if (!advanced) return
    this.#stalled = false
    if (this.#newest !== null) this.#gaps = [...this.#gaps, dataTime - this.#newest].slice(-REMEMBERED_GAPS)
    this.#newest = dataTime
    this.#samples = [...this.#samples, { time: dataTime, age: polledAt - dataTime }].slice(-REMEMBERED)
    this.#learn()
  }

  /** The first time from `notBefore` on at which a sample has just become readable; null while there is no pattern. */
  nextPoll (notBefore: number): number | null {
    if (!this.#hasPattern || this.#phase === null) return null
    return this.#inPhase(Math.ceil, notBefore, this.#phase + this.#offset.ms)
  }

  /** Time between two samples in whole poll intervals, as far as polls can tell; null before three samples. */
  get writerIntervalMs (): number | null {
    if (this.#gaps.length < AGREEING - 1) return null
    return Math.max(1, Math.round(lowerMedian(this.#gaps) / this.#intervalMs)) * this.#intervalMs
  }

  snapshot (): PhaseSnapshot {
    return {
      intervalMs: this.#intervalMs,
      offset: this.#offset.snapshot(),
      newest: this.#newest,
      samples: this.#samples,
      gaps: this.#gaps,
      phase: this.#phase,
      hasPattern: this.#hasPattern,
      sinceLearned: this.#sinceLearned,
      needed: this.#needed,
      stalled: this.#stalled
    }
  }

  /** Goes on from there; what was learned at another poll interval says nothing. */
  restore (snapshot: PhaseSnapshot): void {
    if (snapshot.intervalMs !== this.#intervalMs) return
    this.#offset.restore(snapshot.offset)
    this.#newest = snapshot.newest
    this.#samples = [...snapshot.samples]
    this.#gaps = [...snapshot.gaps]
    this.#phase = snapshot.phase
    this.#hasPattern = snapshot.hasPattern
    this.#sinceLearned = snapshot.sinceLearned
    this.#needed = snapshot.needed
    this.#stalled = snapshot.stalled
  }

  /** Was the sample there that this poll came for? */
  #judge (polledAt: number, dataTime: number, advanced: boolean): void {
    const interval = this.#intervalMs
    const due = this.#inPhase(Math.floor, polledAt - this.#offset.ms + EARLY * interval, this.#phase as number)
    const intervals = Math.round((due - (this.#newest as number)) / interval)
    // A slower writer has nothing new at the polls between.
    if (intervals < 1 || intervals % ((this.writerIntervalMs as number) / interval) !== 0) return
    if (dataTime >= due - TOLERANCE * interval) {
      this.#offset.hit()
      return
    }
    // Nothing at all for the second time: the writer has stopped, and polling later would not help.
    if (!advanced && this.#stalled) return
    this.#stalled = !advanced
    if (!this.#offset.miss()) this.#forget()
  }

  #learn (): void {
    const run = this.#agreeing()
    const { time: newest } = this.#samples.at(-1) as Sample
    const phase = newest + mean(run.map(({ time }) => this.#apart(time, newest)))
    this.#sinceLearned++
    const drift = this.#phase === null ? Infinity : this.#apart(phase, this.#phase)
    let moved = Math.abs(drift) > DRIFT * this.#intervalMs
    if (moved && run.length >= this.#needed) {
      // A writer whose interval is not quite ours seems to move all the time: following it would cost queries.
      this.#needed = this.#sinceLearned >= LASTING ? AGREEING : Math.min(2 * this.#needed, REMEMBERED)
      this.#sinceLearned = 0
      this.#phase = phase
      // The very first sample, or one after a gap, was seen long after it landed: hence no mean here.
      this.#offset.start(lowerMedian(run.map(({ age }) => age)))
      moved = false
    } else if (!moved && drift > NOISE * this.#intervalMs && run.length >= AGREEING) {
      // Following a writer that drifts later costs no query, so it may be done at every sample.
      this.#phase = phase
    }
    this.#hasPattern = run.length >= AGREEING && !moved
  }

  #forget (): void {
    this.#samples = []
    this.#phase = null
    this.#hasPattern = false
  }

  /** The newest samples, as far back as their phases lie close together. */
  #agreeing (): Sample[] {
    const { time: newest } = this.#samples.at(-1) as Sample
    let [low, high] = [0, 0]
    const stranger = this.#samples.findLastIndex(({ time }) => {
      const apart = this.#apart(time, newest)
      low = Math.min(low, apart)
      high = Math.max(high, apart)
      return high - low > TOLERANCE * this.#intervalMs
    })
    return this.#samples.slice(stranger + 1)
  }

  /** How far `time` is after `reference` in phase, ms, at most half an interval either way. */
  #apart (time: number, reference: number): number {
    const difference = time - reference
    return difference - Math.round(difference / this.#intervalMs) * this.#intervalMs
  }

  /** The last time before or the first after `time` that is whole intervals from `reference`. */
  #inPhase (round: (intervals: number) => number, time: number, reference: number): number {
    return reference + round((time - reference) / this.#intervalMs) * this.#intervalMs
  }
}

function mean (values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
