import type { Settings } from './options.ts'
import type { TransportKind } from './types.ts'

/** What does not let upgrades pass may be behind another network by then. */
const TRY_AGAIN_AFTER_MS = 600_000

/**
 * Which transports an attempt tries, one after the other.
 * @param known the one that worked last, if it is not doubtful
 * @param triedMsAgo since a WebSocket was tried
 */
export function transportsFor (
  { transport, WebSocket, fetch }: Pick<Settings, 'transport' | 'WebSocket' | 'fetch'>,
  known: TransportKind | undefined,
  triedMsAgo: number
): TransportKind[] {
  const there = { websocket: WebSocket, sse: fetch }
  const isDoubtful = !known || (known === 'sse' && triedMsAgo > TRY_AGAIN_AFTER_MS)
  // The better one first.
  return (['websocket', 'sse'] as const)
    .filter((kind) => there[kind] && (transport === 'auto' || transport === kind) && (isDoubtful || kind === known))
}
