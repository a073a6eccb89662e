import type { Topic } from '../lib/protocol/fields.ts'
import { environment } from './environment.ts'
import type { Address } from './options.ts'
import type { Position } from './store.ts'
import type { Subscription, TransportKind } from './types.ts'

export interface Wishes {
  readonly subscription: Subscription
  readonly delta: boolean
  /** How many points; 0: none. */
  readonly history: number
}

const topics = ['metrics', 'alerts', 'pops'] as const

export function topicsOf (subscription: Subscription): Topic[] {
  return topics.filter((topic) => subscription[topic])
}

/** What a `subscribe` and a URL ask for. */
export function fieldsOf ({ subscription, delta, history }: Wishes) {
  const { metrics, pops } = subscription
  return {
    topics: topicsOf(subscription),
    ...typeof pops === 'object' && { pops },
    ...pops && delta && { delta: 'fields' },
    ...metrics && history && { history }
  }
}

/** @throws TypeError when it is none */
export function parseAddress (address: Address): URL {
  return new URL(`${(address as URL).href ?? address}`, environment.document?.baseURI)
}

/**
 * Where to ask, with everything that is asked for: the same query on both transports, beside whatever the address has already.
 * `ws://host/prefix/ws` and `ws://host/prefix/` have their events at `http://host/prefix/api/stream`.
 */
export function urlFor (
  kind: TransportKind, address: Address, streamUrl: Address | undefined, wishes: Wishes, position: Position | null
): string {
  const isStream = kind === 'sse'
  const url = parseAddress((isStream && streamUrl) || address)
  url.protocol = url.protocol.replace(/^(http|ws)/, isStream ? 'http' : 'ws')
  if (isStream && !streamUrl) url.pathname = url.pathname.replace(/(ws)?$/, 'api/stream')
  for (const [name, value] of Object.entries({ ...fieldsOf(wishes), ...position })) {
    // A value of the filter may have a comma or a colon in it.
    url.searchParams.set(name, name === 'pops' ? JSON.stringify(value) : `${value}`)
  }
  return url.href
}
