import type { Overview } from '../fleet/overview.ts'
import { changedFields, type PopDetail, type PopsSnapshot, type PopState } from '../fleet/pop-state.ts'
import type { Regression, RegressionEvent } from '../fleet/regression-detector.ts'
import type { PopsFilter } from './pops-filter.ts'
import type { AlertMessage, MetricsUpdateMessage, PopDelta, PopsUpdateMessage } from '../protocol/server-messages.ts'
import { alertMessage } from './alert.ts'
import { AlertMessages } from './alert-messages.ts'
import { SharedMessage } from './shared-message.ts'

/** Every so many ticks a delta is a full one: a client that lost its place finds it again. */
const KEYFRAME_EVERY = 10

/** A delta has the PoPs that have changed, or of those the fields that have. */
export type DeltaKind = 'pops' | 'fields'

/** What stands beside `data` in every update of one tick. */
export type TickHeader = Pick<MetricsUpdateMessage, 'epoch' | 'seq' | 'dataTime' | 'polledAt' | 'ageMs' | 'status' | 'nextPollAt'>

/** What is told of an answer, as long as there is no newer one. */
interface Answer {
  overview: Overview
  silentPops: number
  pops: PopsSnapshot
  details: ReadonlyMap<string, PopDetail>
  /** Of the newest sample, ms since the epoch; null when no PoP reported. */
  dataTime: number | null
  /** ms from when it was told until its data are old, unless newer ones come. */
  oldInMs: number
  regressions: { open: readonly Regression[], closed: readonly Regression[] }
  /** How long the source took, ms. */
  queryMs: number
  /** A newer one is there already, and what it said of PoPs is not known here any more. */
  isPast?: true
}

/** What a tick found out, before it has a place in the stream. */
export interface Findings extends Answer {
  header: Omit<TickHeader, 'epoch' | 'seq'>
  /** What is new about regressions. */
  events: readonly RegressionEvent[]
  /** In which tick each open regression was told last: who begins to read here has not seen it. */
  toldIn?: ReadonlyMap<string, number>
}

export interface TickContent extends Answer {
  header: TickHeader
  /** What the tick found out about regressions. */
  alerts: readonly AlertMessage[]
}

/** How old data are, ms; null where there are none. */
export function ageOf (dataTime: number | null, now: number): number | null {
  return dataTime === null ? null : Math.max(0, now - dataTime)
}

/** Puts what was found out into its place. */
export function placeFindings (
  { header, events, toldIn, ...answer }: Findings,
  { epoch, seq }: { epoch: string, seq: number }
): Tick {
  const alerts = events.map(({ regression }) => alertMessage(regression, epoch, seq))
  return new Tick({ ...answer, header: { epoch, seq, ...header }, alerts })
}

/** What was found out, for another place: nothing of it is new there. */
export function findingsOf ({ content: { header: { epoch, seq, ...header }, alerts, ...answer } }: Tick): Findings {
  return { ...answer, header, events: [] }
}

/** What one tick tells, each message encoded when somebody first needs it, once for all who need the same. */
export class Tick {
  readonly content: TickContent
  readonly #pops = new Map<string, SharedMessage>()
  #metrics: SharedMessage | null = null
  #alerts: AlertMessages | null = null

  constructor (content: TickContent) {
    this.content = content
  }

  get seq (): number {
    return this.content.header.seq
  }

  get metrics (): SharedMessage {
    this.#metrics ??= new SharedMessage(this.update)
    return this.#metrics
  }

  get update (): MetricsUpdateMessage {
    const { header, overview, silentPops } = this.content
    return { type: 'metrics_update', data: overview, ...header, silentPops }
  }

  get epoch (): string {
    return this.content.header.epoch
  }

  /** In the order in which they are to be told. */
  get alerts (): AlertMessages {
    this.#alerts ??= new AlertMessages(this.content.alerts)
    return this.#alerts
  }

  /** Every PoP that the filter lets through. */
  pops (filter: PopsFilter): SharedMessage {
    return this.#once(filter, 'full', () => this.popsUpdate(filter))
  }

  /** Every PoP that the filter lets through, as a message of its own. */
  popsUpdate (filter: PopsFilter): PopsUpdateMessage {
    return {
      type: 'pops_update',
      data: { pops: this.content.pops.states.filter((state) => filter.matches(state)) },
      ...this.content.header
    }
  }

  /**
   * What has changed for a client whose last update of the PoPs was that of
   * `lastSeq` (0: none), or every PoP where that would not do.
   */
  popsSince (lastSeq: number, filter: PopsFilter, kind: DeltaKind = 'pops'): SharedMessage {
    const { seq } = this
    if (lastSeq === 0 || lastSeq !== seq - 1 || seq % KEYFRAME_EVERY === 0) return this.pops(filter)
    return this.#once(filter, kind, () => ({
      type: 'pops_update',
      data: this.#changes(filter, kind === 'fields' ? (before, after) => this.#fieldsOf(before, after) : (_, after) => after),
      ...this.content.header,
      delta: true,
      ...(kind === 'fields' && { fields: true }),
      baseSeq: lastSeq
    }))
  }

  /** @param tell what is told of a PoP that the client has, and that has changed */
  #changes (filter: PopsFilter, tell: (before: PopState, after: PopState) => PopDelta) {
    const changed: PopDelta[] = []
    const removed: string[] = []
    for (const { before, after } of this.content.pops.changes) {
      const had = before !== null && filter.matches(before)
      if (after !== null && filter.matches(after)) changed.push(had ? tell(before, after) : after)
      else if (had) removed.push(before.code)
    }
    return { changed, removed }
  }

  /** The time of a sample takes more bytes than its value: it is told as its distance from the time of the newest. */
  #fieldsOf (before: PopState, after: PopState): PopDelta {
    const { dataTime } = this.content
    const change = { code: after.code, ...changedFields(before, after) }
    if (dataTime === null) return { ...change, sampleTime: after.sampleTime }
    const lagMs = dataTime - Date.parse(after.sampleTime)
    return lagMs === 0 ? change : { ...change, lagMs }
  }

  #once (filter: PopsFilter, kind: 'full' | DeltaKind, make: () => PopsUpdateMessage): SharedMessage {
    if (filter.isOwn) return new SharedMessage(make())
    const key = `${kind} ${filter.key}`
    const known = this.#pops.get(key)
    if (known !== undefined) return known
    const message = new SharedMessage(make())
    this.#pops.set(key, message)
    return message
  }
}
