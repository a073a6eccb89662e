import type { Backoff } from './backoff.ts'
import { environment, type Fetch, type WebSocketClass } from './environment.ts'
import { systemClock, type Clock } from './time.ts'
import type { Subscription, TransportKind } from './types.ts'

export interface PopcastOptions {
  /** What to ask for. Default { metrics: true, alerts: true }. */
  readonly subscribe?: Subscription
  /** Points of history to ask for while there are none, and to keep. Default 360; 0: none. */
  readonly history?: number
  /** Only what has changed of the PoPs, instead of all of them each time. Default true. */
  readonly delta?: boolean
  /** Default true: starts by itself. false: connect() starts. */
  readonly autoConnect?: boolean
  readonly backoff?: Partial<Backoff> & {
    /** So many failures in a row are the end. Default Infinity. */
    readonly attempts?: number
    /** A connection that lived for so long sets the attempts back to 0. Default 10_000. */
    readonly resetAfterMs?: number
  }
  /** From the start of an attempt to the server's welcome. Default 10_000. */
  readonly connectTimeoutMs?: number
  /** Overdue by so much: `late`, and it is asked whether the server is still there. Default max(2_000, intervalMs / 4). */
  readonly lateAfterMs?: number
  /** No answer to that for so long: the connection is dead. Default 5_000. */
  readonly pongTimeoutMs?: number
  /** Nothing newer for so long: `stale`, connected or not. Default 2 * intervalMs + lateAfterMs. */
  readonly staleAfterMs?: number
  /** 'online', 'visibilitychange' and 'pageshow' end the waiting and check the connection. Default true where there is a page. */
  readonly wakeOnPageEvents?: boolean
  /** Default auto: a WebSocket; Server-Sent Events where there is none, or where upgrades do not pass. */
  readonly transport?: 'auto' | TransportKind
  /** Where the Server-Sent Events are. Default: `api/stream` beside the WebSocket's `/ws`. */
  readonly streamUrl?: string | { readonly href: string }
  /** Subprotocols of the WebSocket, asked for at every attempt: the place for a token. Default none. */
  readonly protocols?: () => readonly string[] | Promise<readonly string[]>
  /** Default globalThis.WebSocket, which Node 20 does not have: import { WebSocket } from 'ws'. */
  readonly WebSocket?: WebSocketClass
  readonly fetch?: Fetch
  readonly clock?: Clock
  readonly random?: () => number
  /** Its abort ends the client for good. */
  readonly signal?: AbortSignalLike
}

export interface AbortSignalLike {
  readonly aborted: boolean
  addEventListener (type: 'abort', listener: () => void, options?: { once: boolean }): void
}

export type Settings = ReturnType<typeof settingsOf>

export function settingsOf (options: PopcastOptions) {
  const { backoff = {} } = options
  return {
    history: options.history ?? 360,
    delta: options.delta ?? true,
    backoff: { minMs: backoff.minMs ?? 500, maxMs: backoff.maxMs ?? 20_000, factor: backoff.factor ?? 2 },
    attempts: backoff.attempts ?? Infinity,
    resetAfterMs: backoff.resetAfterMs ?? 10_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    lateAfterMs: options.lateAfterMs,
    pongTimeoutMs: options.pongTimeoutMs ?? 5_000,
    staleAfterMs: options.staleAfterMs,
    wakeOnPageEvents: options.wakeOnPageEvents ?? environment.document !== undefined,
    transport: options.transport ?? 'auto',
    streamUrl: options.streamUrl,
    protocols: options.protocols,
    WebSocket: options.WebSocket ?? environment.WebSocket,
    // Called as a method of something else, a browser's fetch throws.
    fetch: options.fetch ?? environment.fetch?.bind(globalThis),
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    signal: options.signal
  }
}
