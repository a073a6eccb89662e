import { environment } from './environment.ts'
import type { TransportKind } from './types.ts'

export type Address = string | { readonly href: string }

/** @throws TypeError when it is none */
export function parseAddress (address: Address): URL {
  return new URL(typeof address === 'string' ? address : address.href, environment.document?.baseURI)
}

/**
 * Where to ask, with everything that is asked for: the same query on both transports, beside whatever the address has already.
 * `ws://host/prefix/ws` and `ws://host/prefix/` have their events at `http://host/prefix/api/stream`.
 */
export function urlFor (kind: TransportKind, address: Address, streamUrl: Address | undefined, query: string): string {
  const isStream = kind === 'sse'
  const url = parseAddress(isStream && streamUrl !== undefined ? streamUrl : address)
  url.protocol = (isStream ? 'http' : 'ws') + (/^(https|wss):/.test(url.protocol) ? 's:' : ':')
  if (isStream && streamUrl === undefined) url.pathname = url.pathname.replace(/(ws)?$/, 'api/stream')
  url.search = url.search === '' ? query : `${url.search}&${query}`
  return url.href
}
