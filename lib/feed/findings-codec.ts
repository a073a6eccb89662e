import type { Codec, Written } from '../cluster/codec.ts'
import type { Position } from '../cluster/shared-log.ts'
import { PopsSnapshot, type PopDetail, type PopReading, type PopsForm, type PopState } from '../fleet/pop-state.ts'
import type { Comparison } from '../fleet/regression-detector.ts'
import { clamp } from '../fleet/rounding.ts'
import { timestamp } from '../protocol/timestamp.ts'
import { LazyMap } from './lazy-map.ts'
import type { Findings } from './tick.ts'

/** What is told of a PoP, without the names: every instance reads it of all PoPs at each tick. */
type PackedPop = ReturnType<typeof pack>
/** Format 1 has ISO 8601 in the place of the time, and names in that of the packed detail. */
type OlderTime = string
type OlderDetail = [string, PopDetail]

function pack (pop: PopState) {
  return [
    pop.code, pop.city, pop.country, pop.tier, pop.latitude, pop.longitude, pop.coldStartMs, pop.healthy, pop.status,
    pop.regression, Date.parse(pop.sampleTime), pop.baselineMs, pop.baselineLowMs, pop.baselineHighMs
  ] as const
}

function unpack (packed: PackedPop): PopState {
  const [
    code, city, country, tier, latitude, longitude, coldStartMs, healthy, status,
    regression, time, baselineMs, baselineLowMs, baselineHighMs
  ] = packed
  return {
    code,
    city,
    country,
    tier,
    latitude,
    longitude,
    coldStartMs,
    healthy,
    status,
    regression,
    sampleTime: timestamp(timeOf(time)),
    baselineMs,
    baselineLowMs,
    baselineHighMs
  }
}

function timeOf (time: number | OlderTime): number {
  return typeof time === 'number' ? time : Date.parse(time)
}

const FIELDS: PackedPop['length'] = 14

function isPacked (pop: unknown): boolean {
  return Array.isArray(pop) && pop.length === FIELDS && Number.isFinite(timeOf((pop as unknown as PackedPop)[10]))
}

/** Taken apart when somebody asks. */
class PackedPops implements PopsForm {
  readonly #packed: readonly PackedPop[]
  #states: readonly PopState[] | null = null

  /** @throws when they are none: who asks later could not be told so */
  constructor (packed: readonly PackedPop[]) {
    if (!Array.isArray(packed) || !packed.every(isPacked)) throw new TypeError('no PoPs')
    this.#packed = packed
  }

  get states (): readonly PopState[] {
    this.#states ??= this.#packed.map(unpack)
    return this.#states
  }

  get readings (): PopReading[] {
    const readings: PopReading[] = []
    for (const [code, , , , , , coldStartMs, , status, , time] of this.#packed) {
      if (status === 'fresh') readings.push({ code, time: timeOf(time), coldStartMs })
    }
    return readings
  }
}

/** The same of what is asked for of single PoPs; it is the larger part. */
type PackedDetail = ReturnType<typeof packDetail>

function packDetail ([code, { intervalMs, functions, comparison }]: readonly [string, PopDetail]) {
  return [code, intervalMs, functions, comparison === null ? null : packComparison(comparison)] as const
}

function packComparison (comparison: Comparison) {
  const { recentMs, baselineMs, baselineKind, baselineDays, deviationMs, increase, zScore, samples } = comparison
  const { recent, baseline } = samples
  return [recentMs, baselineMs, baselineKind, baselineDays, deviationMs, increase, zScore, recent, baseline] as const
}

function unpackDetail (detail: PackedDetail | OlderDetail): [string, PopDetail] {
  if (detail.length === 2) return detail
  const [code, intervalMs, functions, packed] = detail
  return [code, { intervalMs, functions, comparison: packed === null ? null : unpackComparison(packed) }]
}

function unpackComparison (packed: ReturnType<typeof packComparison>): Comparison {
  const [recentMs, baselineMs, baselineKind, baselineDays, deviationMs, increase, zScore, recent, baseline] = packed
  return {
    recentMs, baselineMs, baselineKind, baselineDays, deviationMs, increase, zScore, samples: { recent, baseline }
  }
}

type Entry = Pick<Findings, 'header' | 'overview' | 'silentPops' | 'dataTime' | 'queryMs' | 'events'>

interface ViewOfAll extends Pick<Findings, 'regressions' | 'oldInMs'> {
  pops: readonly PackedPop[]
  toldIn: ReadonlyArray<readonly [id: string, seq: number]>
}

const NO_POPS = new PopsSnapshot([], null)

/** Of what is written. */
export const FINDINGS_FORMAT = 2

/** Findings as text. */
export class FindingsCodec implements Codec<Findings> {
  readonly format = FINDINGS_FORMAT
  readonly #toldIn: (id: string) => number | undefined
  /** What was read last, from which deltas are made. */
  #before: { position: Position, pops: PopsSnapshot } | null = null

  /** @param toldIn in which tick a regression that is open was told last, of those before */
  constructor (toldIn: (id: string) => number | undefined) {
    this.#toldIn = toldIn
  }

  write (findings: Findings, { seq }: Position): { entry: string, view: string } {
    const { header, overview, silentPops, dataTime, queryMs, events, pops, details, regressions, oldInMs } = findings
    const entry: Entry = { header, overview, silentPops, dataTime, queryMs, events }
    const news = new Set(events.map(({ regression }) => regression.id))
    const toldIn = regressions.open.flatMap(({ id }) => {
      const at = news.has(id) ? seq : this.#toldIn(id)
      return at === undefined ? [] : [[id, at] as const]
    })
    const view: ViewOfAll = {
      regressions,
      // JSON has no infinity.
      oldInMs: clamp(oldInMs, Number.MAX_VALUE),
      pops: pops.states.map(pack),
      toldIn
    }
    return { entry: JSON.stringify(entry), view: `${JSON.stringify(view)}\n${JSON.stringify(Array.from(details, packDetail))}` }
  }

  read ({ entry, view }: Written, position: Position): Findings {
    const told = JSON.parse(entry) as Entry
    if (view === null) {
      return { ...told, isPast: true, pops: NO_POPS, details: new Map(), regressions: { open: [], closed: [] }, oldInMs: 0 }
    }
    // JSON has no line feeds of its own.
    const end = view.indexOf('\n')
    const { pops: packed, toldIn, ...known } = JSON.parse(view.slice(0, end)) as ViewOfAll
    const before = this.#before
    const follows = before !== null && before.position.epoch === position.epoch && before.position.seq === position.seq - 1
    const pops = new PopsSnapshot(new PackedPops(packed), follows ? before.pops : null)
    this.#before = { position, pops }
    // They are asked for of single PoPs, now and then.
    const packedDetails = () => JSON.parse(view.slice(end)) as Array<PackedDetail | OlderDetail>
    const details = new LazyMap(() => new Map(packedDetails().map(unpackDetail)))
    return { ...told, ...known, pops, details, toldIn: new Map(toldIn) }
  }
}
