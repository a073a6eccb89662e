import type { Opener } from './transport.ts'
import type { TransportKind } from './types.ts'
import { openWebSocket } from './websocket.ts'

const loaded: Partial<Record<TransportKind, Opener>> = { websocket: openWebSocket }

/** What opens a transport of this kind. Where upgrades pass, what reads events is not even loaded. */
export async function openerOf (kind: TransportKind): Promise<Opener> {
  loaded[kind] ??= (await import('./sse.ts')).openEventStream
  return loaded[kind]
}
