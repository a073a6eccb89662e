import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { Freshness, type FreshnessSnapshot } from './freshness.ts'
import { buildOverview, type Overview } from './overview.ts'
import { groupByPop } from './pop.ts'
import { popStates, PopsSnapshot, type PopState } from './pop-state.ts'
import type { DetectorSnapshot, Regression, RegressionDetector, RegressionEvent } from './regression-detector.ts'
import type { Measurements } from '../source/source.ts'

/** The newest sample of all is a series like that of a PoP; no PoP has this code. */
const ALL_POPS = ''
/** A log line names so many PoPs; it counts them all. */
const POPS_PER_LINE = 20

export interface FleetOptions {
  detector: RegressionDetector
  clock: Clock
  log: Log
  healthyBelowMs: number
  /** A series whose newest sample has not advanced for so long is old. Asked each time: it depends on the writer. */
  oldAfterMs: () => number
}

/** What one answer of the source says. */
export interface FleetReport {
  overview: Overview
  silentPops: number
  pops: PopsSnapshot
  /** Of the newest sample, ms since the epoch; null when no PoP reported within the overview window. */
  dataTime: number | null
  /** ms until it is old, unless newer data come; at most 0: it is. */
  oldInMs: number
  /** What it says about regressions that the answer before did not. */
  events: readonly RegressionEvent[]
  /** After those; open oldest first, closed newest first. */
  regressions: { open: readonly Regression[], closed: readonly Regression[] }
}

/** All that is remembered from one answer to the next. Plain data: JSON takes it there and back. */
export interface FleetSnapshot {
  /** null: there was no answer yet. */
  pops: readonly PopState[] | null
  detector: DetectorSnapshot
  freshness: FreshnessSnapshot
}

/** What is known of all PoPs: it takes each answer of the source, and remembers what only comparing two of them shows. */
export class Fleet {
  readonly #options: FleetOptions
  readonly #freshness: Freshness
  #pops: PopsSnapshot | null = null

  constructor (options: FleetOptions) {
    this.#options = options
    this.#freshness = new Freshness(options.clock)
  }

  /** ms until the newest sample of all has not advanced for too long; at most 0: it has not. */
  get oldInMs (): number {
    return this.#options.oldAfterMs() - this.#freshness.unchangedMs(ALL_POPS)
  }

  update ({ readings, baselines, places }: Measurements): FleetReport {
    const { detector, healthyBelowMs } = this.#options
    const pops = groupByPop(readings)
    const dataTime = pops.reduce<number | null>((newest, { sampleTime }) => Math.max(newest ?? sampleTime, sampleTime), null)
    this.#freshness.observe([
      ...(dataTime === null ? [] : [[ALL_POPS, dataTime] as const]),
      ...pops.map(({ code, sampleTime }) => [code, sampleTime] as const)
    ])
    const { assessments, events } = detector.update(pops, baselines)
    const rule = { healthyBelowMs, isSilent: (code: string) => this.#isOld(code) }
    const snapshot = new PopsSnapshot(popStates(pops, { places, assessments, ...rule }), this.#pops)
    this.#logTransitions(snapshot)
    this.#pops = snapshot
    return {
      overview: buildOverview(pops, detector.regressions, rule),
      silentPops: snapshot.states.filter(({ status }) => status === 'silent').length,
      pops: snapshot,
      dataTime,
      oldInMs: this.oldInMs,
      events,
      regressions: { open: detector.open, closed: detector.closed }
    }
  }

  snapshot (): FleetSnapshot {
    return {
      pops: this.#pops?.states ?? null,
      detector: this.#options.detector.snapshot(),
      freshness: this.#freshness.snapshot()
    }
  }

  /** Goes on from there, as if this process had taken the answers before. */
  restore ({ pops, detector, freshness }: FleetSnapshot): void {
    this.#pops = pops === null ? null : new PopsSnapshot(pops, null)
    this.#options.detector.restore(detector)
    this.#freshness.restore(freshness)
  }

  #isOld (series: string): boolean {
    return this.#freshness.unchangedMs(series) >= this.#options.oldAfterMs()
  }

  #logTransitions ({ changes }: PopsSnapshot): void {
    const turned = (status: PopState['status']) => changes.flatMap(({ before, after }) =>
      before !== null && after !== null && before.status !== status && after.status === status ? [after.code] : [])
    for (const [event, codes] of [['pops_silent', turned('silent')], ['pops_report_again', turned('fresh')]] as const) {
      if (codes.length > 0) {
        this.#options.log.info(
          { event, count: codes.length, pops: codes.slice(0, POPS_PER_LINE) },
          'PoPs changed between silent and reporting'
        )
      }
    }
  }
}
