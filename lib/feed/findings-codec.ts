import type { Codec, Written } from '../cluster/codec.ts'
import type { Position } from '../cluster/shared-log.ts'
import { PopsSnapshot } from '../fleet/pop-state.ts'
import { clamp } from '../fleet/rounding.ts'
import { unpackOlder, type OlderPops } from './older-findings.ts'
import { checkOf, pack, Unpacking, type Unpacked } from './packed-findings.ts'
import type { Findings } from './tick.ts'

type Entry = Pick<Findings, 'header' | 'overview' | 'silentPops' | 'dataTime' | 'queryMs' | 'events'>

/** The first line of what is kept of the newest update alone. */
interface Known extends Pick<Findings, 'regressions' | 'oldInMs'> {
  toldIn: ReadonlyArray<readonly [id: string, seq: number]>
}
type KnownOfPops = { check: number } | { pops: OlderPops }

const NO_POPS = new PopsSnapshot([], null)

/** Of what is written. */
export const FINDINGS_FORMAT = 3

/** Findings as text. */
export class FindingsCodec implements Codec<Findings> {
  readonly format = FINDINGS_FORMAT
  readonly #toldIn: (id: string) => number | undefined
  readonly #unpacking = new Unpacking()
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
    const packed = pack(pops.states, details)
    // JSON has no infinity.
    const known: Known & KnownOfPops = {
      regressions, oldInMs: clamp(oldInMs, Number.MAX_VALUE), toldIn, check: checkOf(packed)
    }
    return { entry: JSON.stringify(entry), view: `${JSON.stringify(known)}\n${packed}` }
  }

  read ({ entry, view }: Written, position: Position): Findings {
    const told = JSON.parse(entry) as Entry
    if (view === null) {
      return { ...told, isPast: true, pops: NO_POPS, details: new Map(), regressions: { open: [], closed: [] }, oldInMs: 0 }
    }
    // JSON has no line feeds of its own.
    const end = view.indexOf('\n')
    const { regressions, oldInMs, toldIn, ...ofPops } = JSON.parse(view.slice(0, end)) as Known & KnownOfPops
    const unpacked = this.#unpack(ofPops, view.slice(end + 1))
    const before = this.#before
    const follows = before !== null && before.position.epoch === position.epoch && before.position.seq === position.seq - 1
    const pops = new PopsSnapshot(unpacked.pops, follows ? before.pops : null)
    this.#before = { position, pops }
    return { ...told, regressions, oldInMs, pops, details: unpacked.details, toldIn: new Map(toldIn) }
  }

  #unpack (known: KnownOfPops, packed: string): Unpacked {
    if ('pops' in known) return unpackOlder(known.pops, packed)
    if (known.check !== checkOf(packed)) throw new TypeError('not what was written')
    return this.#unpacking.unpack(packed)
  }
}
