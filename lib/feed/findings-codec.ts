import type { Codec, Written } from '../cluster/codec.ts'
import type { Position } from '../cluster/shared-log.ts'
import { PopsSnapshot } from '../fleet/pop-state.ts'
import { clamp } from '../fleet/rounding.ts'
import { unpackOlder, type OlderPops } from './older-findings.ts'
import { pack, Unpacking, type Unpacked } from './packed-findings.ts'
import { entryOf, noteOf, type Entry } from './read-back.ts'
import { sealed, unsealed } from './seal.ts'
import type { Findings } from './tick.ts'

/** The first line of what is kept of the newest update alone. */
interface Known extends Pick<Findings, 'regressions' | 'oldInMs'> {
  toldIn: ReadonlyArray<readonly [id: string, seq: number]>
}
type OlderKnown = Known & { pops: OlderPops }

const NO_POPS = new PopsSnapshot([], null)

/** Of what is written. */
export const FINDINGS_FORMAT = 3

/** Findings as text. */
export class FindingsCodec implements Codec<Findings> {
  readonly format = FINDINGS_FORMAT
  readonly readNote = noteOf
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
    // JSON has no infinity.
    const known: Known = { regressions, oldInMs: clamp(oldInMs, Number.MAX_VALUE), toldIn }
    const text = [JSON.stringify(known), ...pack(pops.states, details)].join('\n')
    return { entry: JSON.stringify(entry), view: sealed(text) }
  }

  read ({ entry, view }: Written, position: Position): Findings {
    const told = entryOf(entry)
    if (view === null) {
      return { ...told, isPast: true, pops: NO_POPS, details: new Map(), regressions: { open: [], closed: [] }, oldInMs: 0 }
    }
    const { known, ...unpacked } = this.#unpack(view)
    const { regressions, oldInMs, toldIn } = known
    const before = this.#before
    const follows = before !== null && before.position.epoch === position.epoch && before.position.seq === position.seq - 1
    const pops = new PopsSnapshot(unpacked.pops, follows ? before.pops : null)
    this.#before = { position, pops }
    return { ...told, regressions, oldInMs, pops, details: unpacked.details, toldIn: new Map(toldIn) }
  }

  /** What is read later is known now to be what was written: who asks then could not be told that it is not. @throws */
  #unpack (view: string): Unpacked & { known: Known } {
    // JSON has no line feeds of its own.
    const [first = '', ...older] = view.split('\n')
    const known = JSON.parse(first) as Known | OlderKnown
    if ('pops' in known) return { known, ...unpackOlder(known.pops, older[0] ?? '') }
    const [, ...lines] = unsealed(view).split('\n')
    return { known, ...this.#unpacking.unpack(lines) }
  }
}
