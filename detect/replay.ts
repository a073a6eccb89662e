import type { Clock } from '../lib/clock.ts'
import { popPoints } from '../lib/fleet/points.ts'
import { RegressionDetector, type DetectorUpdate } from '../lib/fleet/regression-detector.ts'
import type { Pop } from '../lib/fleet/point.ts'
import { SampleFleet } from '../lib/fleet/sample-fleet.ts'
import { SampleWindow } from '../lib/fleet/sample-window.ts'
import { lowerMedian } from '../lib/fleet/statistics.ts'
import { SLOT_MS, SummaryStore } from '../lib/fleet/summary-store.ts'
import { NOWHERE, type SeriesKey } from '../lib/source/sample-source.ts'

const SILENT_LOG = { debug () {}, info () {}, warn () {}, error () {} }
/** A window holds so many samples of a slow series. */
const SAMPLES_KEPT = 20

/** One measurement. */
export interface Sample {
  /** ms since the epoch. */
  time: number
  pop: string
  functionName: string
  /** ms */
  value: number
}

export interface ReplayOptions {
  overviewWindowMs: number
  healthyBelowMs: number
  minDeviationMs: number
  newNormalAfterMs: number
  /** How often it would have been polled. */
  pollMs: number
  /** Between two samples of one series. */
  sampleMs: number
}

/** Remembers what it said last of each PoP. */
class AttentiveDetector extends RegressionDetector {
  last: DetectorUpdate = { assessments: [], events: [] }

  override update (pops: readonly Pop[]): DetectorUpdate {
    this.last = super.update(pops)
    return this.last
  }
}

/** The service's own fleet and detector, run over the past. Times are ms since the epoch, and only go up. */
export class Replay {
  readonly detector: AttentiveDetector
  readonly #fleet: SampleFleet
  readonly #window: SampleWindow
  readonly #store = new SummaryStore()
  readonly #keys = new Map<string, SeriesKey>()
  readonly #pollMs: number
  #now = 0
  #keptUntil = -Infinity

  constructor ({ overviewWindowMs, healthyBelowMs, minDeviationMs, newNormalAfterMs, pollMs, sampleMs }: ReplayOptions) {
    this.#pollMs = pollMs
    const spanMs = Math.max(overviewWindowMs, 2 * SLOT_MS, SAMPLES_KEPT * sampleMs)
    this.#window = new SampleWindow({ spanMs, maxRows: Infinity, maxBytes: Infinity })
    this.detector = new AttentiveDetector({ store: this.#store, newNormalAfterMs, minDeviationMs })
    const clock: Clock = { now: () => this.#now, monotonic: () => this.#now, schedule: () => () => {}, turn: async () => {} }
    this.#fleet = new SampleFleet({
      window: this.#window,
      detector: this.detector,
      clock,
      log: SILENT_LOG,
      healthyBelowMs,
      pollMs
    })
  }

  /** A sample that was there at the next tick. */
  take ({ time, pop, functionName, value }: Sample): void {
    const id = `${pop}\n${functionName}`
    const key = this.#keys.get(id) ?? { id, pop, functionName }
    this.#keys.set(id, key)
    this.#now = Math.max(this.#now, time)
    this.#fleet.take(key, NOWHERE, time, value)
  }

  /** What was usual is known from now on, without a tick. */
  remember (now: number): void {
    this.#now = now
    this.#fleet.readingEnds()
    this.#keepPast()
  }

  /** What a tick at this time says. */
  tick (now: number): DetectorUpdate {
    this.remember(now)
    this.#fleet.update()
    return this.detector.last
  }

  /** As the service does with each slot that is over. */
  #keepPast (): void {
    const until = Math.floor((this.#now - this.#pollMs) / SLOT_MS) * SLOT_MS
    const oldest = Math.ceil((this.#window.oldestTime ?? until) / SLOT_MS) * SLOT_MS - SLOT_MS
    for (let start = Math.max(this.#keptUntil, oldest); start < until; start += SLOT_MS) {
      for (const code of this.#window.codes) this.#store.take(code, start, popPoints(this.#window, code, start, start + SLOT_MS))
    }
    this.#keptUntil = until
  }
}

/** Between two samples of one series, ms: the median of all; null when no series has two. */
export function intervalOf (samples: readonly Sample[]): number | null {
  const last = new Map<string, number>()
  const gaps: number[] = []
  for (const { time, pop, functionName } of samples) {
    const id = `${pop}\n${functionName}`
    const before = last.get(id)
    if (before !== undefined && time > before) gaps.push(time - before)
    last.set(id, time)
  }
  return gaps.length === 0 ? null : lowerMedian(gaps)
}
