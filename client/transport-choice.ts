import type { Settings } from './options.ts'
import type { TransportKind } from './types.ts'

/** After so many attempts in a row it is not known any more what passes. */
const FORGET_AFTER_ATTEMPTS = 3
/** What does not let upgrades pass may be behind another network by then. */
const TRY_AGAIN_AFTER_MS = 600_000

/** Which transports an attempt tries, one after the other. */
export class TransportChoice {
  readonly #usable: readonly TransportKind[]
  /** The one that worked. */
  #known: TransportKind | null = null
  #failures = 0
  #triedWebSocketAt = -Infinity

  constructor ({ transport, WebSocket, fetch }: Pick<Settings, 'transport' | 'WebSocket' | 'fetch'>) {
    const there = { websocket: WebSocket, sse: fetch }
    // The better one first.
    this.#usable = (['websocket', 'sse'] as const)
      .filter((kind) => there[kind] !== undefined && (transport === 'auto' || transport === kind))
  }

  get isEmpty (): boolean {
    return this.#usable.length === 0
  }

  next (now: number): TransportKind[] {
    const isDue = this.#known === 'sse' && now - this.#triedWebSocketAt > TRY_AGAIN_AFTER_MS
    return this.#usable.filter((kind) => this.#known === null || isDue || kind === this.#known)
  }

  trying (kind: TransportKind, now: number): void {
    if (kind === 'websocket') this.#triedWebSocketAt = now
  }

  worked (kind: TransportKind | undefined): void {
    this.#known = kind ?? null
    this.#failures = 0
  }

  failed (): void {
    if (++this.#failures >= FORGET_AFTER_ATTEMPTS) this.#known = null
  }
}
