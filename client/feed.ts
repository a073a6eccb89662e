import type { AlertMessage, ServerMessage } from '../lib/protocol/server-messages.ts'
import { AlertMemory } from './alert-memory.ts'
import { changesAt, freshnessOf, lateAt, type Basis, type Limits } from './freshness.ts'
import type { Settings } from './options.ts'
import { nothing, reduce, type Handling, type Held } from './store.ts'
import type { ConnectionState, Freshness, FreshnessState, Snapshot, Subscription } from './types.ts'

type Told = Pick<Handling, 'received' | 'prompt' | 'tell' | 'gap'>

const shown = ['server', 'overview', 'pops', 'alerts', 'history', 'skipped', 'basis', 'sourceError'] as const

/** What is known, and how fresh that is. */
export class Feed {
  held: Held = nothing
  readonly #settings: Settings
  readonly #subscription: () => Subscription
  readonly #heardAt: () => number
  readonly #memory = new AlertMemory()

  /** @param heardAt the last sign of life */
  constructor (settings: Settings, subscription: () => Subscription, heardAt: () => number) {
    this.#settings = settings
    this.#subscription = subscription
    this.#heardAt = heardAt
  }

  /** @returns whether anything that is shown has changed */
  handle (message: ServerMessage, told: Told): boolean {
    const before = this.held
    this.held = reduce(before, message, {
      ...told,
      subscription: this.#subscription(),
      historyLimit: this.#settings.history,
      isNew: (alert: AlertMessage) => this.#memory.take(alert)
    })
    return shown.some((part) => this.held[part] !== before[part])
  }

  /** When an update is late. */
  lateAt (): number {
    const basis = this.#basis()
    return this.#hasUpdates && basis !== null ? lateAt(basis, this.#limits()) : Infinity
  }

  changesAt (now: number): number {
    return changesAt(this.#basis(), this.#limits(), now)
  }

  state (now: number): FreshnessState {
    return freshnessOf(this.#basis(), this.#limits(), now)
  }

  freshness (now: number, { name }: ConnectionState): Freshness {
    const basis = this.#basis()
    return {
      state: this.state(now),
      ageMs: basis === null || basis.ageMs === null ? null : basis.ageMs + now - basis.madeAt,
      dataTime: basis?.dataTime ?? null,
      dueInMs: basis !== null && (name === 'syncing' || name === 'live') ? basis.dueAt - now : null,
      sourceError: this.held.sourceError
    }
  }

  snapshot (now: number, connection: ConnectionState): Snapshot {
    const { server, overview, pops, alerts, history, skipped } = this.held
    return { connection, freshness: this.freshness(now, connection), server, overview, pops, alerts, history, skipped }
  }

  get #hasUpdates (): boolean {
    const { metrics, pops } = this.#subscription()
    return Boolean(metrics || pops)
  }

  /** Who is sent alerts alone knows from any sign of life that there were none. */
  #basis (): Basis | null {
    const { basis, server, sourceError } = this.held
    const heardAt = this.#heardAt()
    if (this.#hasUpdates || server === null || heardAt === 0) return this.#hasUpdates ? basis : null
    return { madeAt: heardAt, dueAt: heardAt + server.heartbeatMs, stale: sourceError !== null, ageMs: null, dataTime: null }
  }

  #limits (): Limits {
    const { server } = this.held
    const everyMs = (this.#hasUpdates ? server?.intervalMs : server?.heartbeatMs) ?? 0
    const { lateAfterMs = Math.max(2_000, everyMs / 4), staleAfterMs = 2 * everyMs + lateAfterMs } = this.#settings
    return { lateAfterMs, staleAfterMs }
  }
}
