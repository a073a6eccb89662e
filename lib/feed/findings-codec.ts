import type { Codec, Written } from '../cluster/codec.ts'
import type { Position } from '../cluster/shared-log.ts'
import { PopsSnapshot, type PopDetail, type PopState } from '../fleet/pop-state.ts'
import { clamp } from '../fleet/rounding.ts'
import { LazyMap } from './lazy-map.ts'
import type { Findings } from './tick.ts'

/** What is told of a PoP, without the names: every instance reads it of all PoPs at each tick. */
type PackedPop = ReturnType<typeof pack>

function pack (pop: PopState) {
  return [
    pop.code, pop.city, pop.country, pop.tier, pop.latitude, pop.longitude, pop.coldStartMs, pop.healthy, pop.status,
    pop.regression, pop.sampleTime, pop.baselineMs, pop.baselineLowMs, pop.baselineHighMs
  ] as const
}

function unpack (packed: PackedPop): PopState {
  const [
    code, city, country, tier, latitude, longitude, coldStartMs, healthy, status,
    regression, sampleTime, baselineMs, baselineLowMs, baselineHighMs
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
    sampleTime,
    baselineMs,
    baselineLowMs,
    baselineHighMs
  }
}

type Entry = Pick<Findings, 'header' | 'overview' | 'silentPops' | 'dataTime' | 'queryMs' | 'events'>

interface ViewOfAll extends Pick<Findings, 'regressions' | 'oldInMs'> {
  pops: readonly PackedPop[]
  toldIn: ReadonlyArray<readonly [id: string, seq: number]>
}

const NO_POPS = new PopsSnapshot([], null)

/** Of what is written. */
export const FINDINGS_FORMAT = 1

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
    return { entry: JSON.stringify(entry), view: `${JSON.stringify(view)}\n${JSON.stringify(Array.from(details))}` }
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
    const pops = new PopsSnapshot(packed.map(unpack), follows ? before.pops : null)
    this.#before = { position, pops }
    // They are asked for of single PoPs, now and then.
    const details = new LazyMap(() => new Map(JSON.parse(view.slice(end)) as Array<[string, PopDetail]>))
    return { ...told, ...known, pops, details, toldIn: new Map(toldIn) }
  }
}
