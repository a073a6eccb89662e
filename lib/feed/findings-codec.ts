import type { Codec, Written } from '../cluster/codec.ts'
import type { Position } from '../cluster/shared-log.ts'
import { PopsSnapshot, type PopDetail, type PopState } from '../fleet/pop-state.ts'
import { clamp } from '../fleet/rounding.ts'
import type { Findings } from './tick.ts'

type Entry = Pick<Findings, 'header' | 'overview' | 'silentPops' | 'dataTime' | 'queryMs' | 'events'>

interface ViewOfAll extends Pick<Findings, 'regressions' | 'oldInMs'> {
  pops: readonly PopState[]
  details: ReadonlyArray<readonly [code: string, detail: PopDetail]>
  toldIn: ReadonlyArray<readonly [id: string, seq: number]>
}

const NO_POPS = new PopsSnapshot([], null)

/** Findings as text. */
export class FindingsCodec implements Codec<Findings> {
  readonly format = 1
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
      pops: pops.states,
      details: Array.from(details),
      toldIn
    }
    return { entry: JSON.stringify(entry), view: JSON.stringify(view) }
  }

  read ({ entry, view }: Written, position: Position): Findings {
    const told = JSON.parse(entry) as Entry
    if (view === null) {
      return { ...told, isPast: true, pops: NO_POPS, details: new Map(), regressions: { open: [], closed: [] }, oldInMs: 0 }
    }
    const { pops: states, details, toldIn, ...known } = JSON.parse(view) as ViewOfAll
    const before = this.#before
    const follows = before !== null && before.position.epoch === position.epoch && before.position.seq === position.seq - 1
    const pops = new PopsSnapshot(states, follows ? before.pops : null)
    this.#before = { position, pops }
    return { ...told, ...known, pops, details: new Map(details), toldIn: new Map(toldIn) }
  }
}
