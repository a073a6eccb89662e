import type { Overview } from '../fleet/overview.ts'
import type { PopsSnapshot, PopState } from '../fleet/pop-state.ts'
import type { PopsFilter } from './pops-filter.ts'
import type { AlertMessage, MetricsUpdateMessage, PopsUpdateMessage } from '../protocol/server-messages.ts'
import { AlertMessages } from './alert-messages.ts'
import { SharedMessage } from './shared-message.ts'

/** Every so many ticks a delta is a full one: a client that lost its place finds it again. */
const KEYFRAME_EVERY = 10

/** What stands beside `data` in every update of one tick. */
export type TickHeader = Pick<MetricsUpdateMessage, 'epoch' | 'seq' | 'dataTime' | 'polledAt' | 'ageMs' | 'status' | 'nextPollAt'>

export interface TickContent {
  header: TickHeader
  overview: Overview
  silentPops: number
  pops: PopsSnapshot
  /** What the tick found out about regressions. */
  alerts: readonly AlertMessage[]
  /** How long the source took, ms. */
  queryMs: number
}

/** What one tick tells, each message encoded when somebody first needs it, once for all who need the same. */
export class Tick {
  readonly content: TickContent
  readonly #deflateFrom: number
  readonly #pops = new Map<string, SharedMessage>()
  #metrics: SharedMessage | null = null
  #alerts: AlertMessages | null = null

  constructor (content: TickContent, deflateFrom: number) {
    this.content = content
    this.#deflateFrom = deflateFrom
  }

  get seq (): number {
    return this.content.header.seq
  }

  get metrics (): SharedMessage {
    this.#metrics ??= this.#share(this.update)
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
    this.#alerts ??= new AlertMessages(this.content.alerts, this.#deflateFrom)
    return this.#alerts
  }

  /** Every PoP that the filter lets through. */
  pops (filter: PopsFilter): SharedMessage {
    return this.#once(filter, 'full', () => ({
      type: 'pops_update',
      data: { pops: this.content.pops.states.filter((state) => filter.matches(state)) },
      ...this.content.header
    }))
  }

  /** What has changed for a client whose last update of the PoPs was that of `lastSeq` (0: none), or every PoP where that would not do. */
  popsSince (lastSeq: number, filter: PopsFilter): SharedMessage {
    const { seq } = this
    if (lastSeq === 0 || lastSeq !== seq - 1 || seq % KEYFRAME_EVERY === 0) return this.pops(filter)
    return this.#once(filter, 'delta', () => ({
      type: 'pops_update',
      data: this.#changes(filter),
      ...this.content.header,
      delta: true,
      baseSeq: lastSeq
    }))
  }

  #changes (filter: PopsFilter): { changed: PopState[], removed: string[] } {
    const changed: PopState[] = []
    const removed: string[] = []
    for (const { before, after } of this.content.pops.changes) {
      if (after !== null && filter.matches(after)) changed.push(after)
      else if (before !== null && filter.matches(before)) removed.push(before.code)
    }
    return { changed, removed }
  }

  #once (filter: PopsFilter, kind: 'full' | 'delta', make: () => PopsUpdateMessage): SharedMessage {
    if (filter.isOwn) return this.#share(make())
    const key = `${kind} ${filter.key}`
    const known = this.#pops.get(key)
    if (known !== undefined) return known
    const message = this.#share(make())
    this.#pops.set(key, message)
    return message
  }

  #share (message: MetricsUpdateMessage | PopsUpdateMessage): SharedMessage {
    return new SharedMessage(message, this.#deflateFrom)
  }
}
