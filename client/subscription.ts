import type { Topic } from '../lib/protocol/fields.ts'
import { environment } from './environment.ts'
import type { Address } from './options.ts'
import type { Position } from './store.ts'
import type { PopsFilter, Subscription, TransportKind } from './types.ts'

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

/** How fresh the data is comes with the metrics, whatever else is wanted. */
export function askedOf (subscription: Subscription): Subscription {
  return { ...subscription, metrics: true }
}

/** What a `subscribe` and a URL ask for. */
export function fieldsOf ({ subscription, delta, history }: Wishes) {
  const { metrics, pops } = subscription
  return {
    topics: topicsOf(askedOf(subscription)),
    ...typeof pops === 'object' && { pops },
    ...pops && delta && { delta: 'fields' },
    ...metrics && history && { history }
  }
}

/** In the short form these would be something else: no value, two, or of another kind. */
const AMBIGUOUS = /^$|^\s|\s$|,|^(code|country|tier):|^[[{]/
const MAX_TERMS = 1_000

/** A filter in a URL (PROTOCOL.md, What is asked in the URL): `fra1,country:DE,tier:1`, and JSON only where that would not do. */
export function filterText (filter: PopsFilter): string {
  const lists = Object.entries(Array.isArray(filter) ? { code: filter } : filter) as Array<[kind: string, values: string[]]>
  const isPlain = lists.every(([kind, values]) => Array.isArray(values) && values.length > 0 &&
    AMBIGUOUS.test(`${kind}:`) && !values.some((value) => AMBIGUOUS.test(value)))
  const terms = isPlain
    ? lists.flatMap(([kind, values]) => values.map((value) => kind === 'code' ? value : `${kind}:${value}`))
    : []
  return terms.length > 0 && terms.length <= MAX_TERMS ? terms.join() : JSON.stringify(filter)
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
  const asked = new URLSearchParams(Object.entries({ ...fieldsOf(wishes), ...position })
    .map(([name, value]): [string, string] => [name, name === 'pops' ? filterText(value as PopsFilter) : `${value}`]))
  for (const name of asked.keys()) url.searchParams.delete(name)
  // Commas and colons need no escape (RFC 3986, 3.4).
  url.search = [url.search, `${asked}`.replaceAll('%2C', ',').replaceAll('%3A', ':')].filter(Boolean).join('&')
  return url.href
}
