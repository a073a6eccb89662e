import type { Backoff } from './backoff.ts'
import { environment, type Fetch, type WebSocketClass } from './environment.ts'
import { stopwatch, systemClock, type Clock } from './time.ts'
import type { Subscription, TransportKind } from './types.ts'

export type Address = string | { readonly href: string }

export interface AbortSignalLike {
  readonly aborted: boolean
  addEventListener (type: 'abort', listener: () => void): void
  removeEventListener (type: 'abort', listener: () => void): void
}

export interface PopcastOptions {
  /** What to ask for. Default { metrics: true, alerts: true }. */
  readonly subscribe?: Subscription
  /** Points of history to ask for while there are none, and to keep. Default 360; 0: none. */
  readonly history?: number
  /** Only what has changed of the PoPs, instead of all of them each time. Default true. */
  readonly delta?: boolean
  /** Default true: starts by itself. false: connect() starts. */
  readonly autoConnect?: boolean
  readonly backoff?: Partial<Backoff>
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
  /** Where the Server-Sent Events are. Default: `api/stream` beside the WebSocket's `ws`. */
  readonly streamUrl?: Address
  /**
   * The token, where the server wants one: asked for at every attempt, and before it expires; '' is none. It never gets into a
   * URL. Default none.
   */
  readonly token?: () => string | Promise<string>
  /** Subprotocols of the WebSocket, asked for at every attempt. Default none. */
  readonly protocols?: () => readonly string[] | Promise<readonly string[]>
  /** Default globalThis.WebSocket, which Node 20 does not have: import { WebSocket } from 'ws'. */
  readonly WebSocket?: WebSocketClass
  readonly fetch?: Fetch
  readonly clock?: Clock
  readonly random?: () => number
  /** Its abort ends the client for good. */
  readonly signal?: AbortSignalLike
}

const defaults = {
  subscribe: { metrics: true, alerts: true } as Subscription,
  history: 360,
  delta: true,
  autoConnect: true,
  connectTimeoutMs: 10_000,
  pongTimeoutMs: 5_000,
  transport: 'auto',
  clock: systemClock,
  random: Math.random
}
const defaultBackoff: Backoff = { minMs: 500, maxMs: 20_000, factor: 2, attempts: Infinity, resetAfterMs: 10_000 }

export type Settings = Omit<PopcastOptions, 'backoff'> & typeof defaults & {
  readonly backoff: Backoff
  /** ms; goes on while the machine sleeps. */
  now (): number
}

export function settingsOf (options: PopcastOptions, onSlept: () => void): Settings {
  const { WebSocket, fetch, document } = environment
  const settings = {
    ...defaults,
    WebSocket,
    // Called as a method of something else, a browser's fetch throws.
    fetch: fetch?.bind(globalThis),
    wakeOnPageEvents: Boolean(document),
    ...given(options) as typeof defaults,
    backoff: { ...defaultBackoff, ...given(options.backoff ?? {}) }
  }
  return { ...settings, now: stopwatch(settings.clock, onSlept) } as Settings
}

/** undefined is as absent. */
function given (options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
