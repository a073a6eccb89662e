import { UsageError } from './usage-error.ts'

const DEFAULT_ADDRESS = 'ws://127.0.0.1:3001/ws'
const protocols: Record<string, string> = { 'ws:': 'ws:', 'wss:': 'wss:', 'http:': 'ws:', 'https:': 'wss:' }

/**
 * Where the WebSocket is: `host:port`, `http(s)://` or `ws(s)://`, with `/ws` where there is no path.
 * @throws {UsageError} that names what is wrong
 */
export function addressOf (text = DEFAULT_ADDRESS): string {
  const accepted = 'a URL such as ws://127.0.0.1:3001/ws or https://popcast.example/, or host:port'
  const given = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `ws://${text}`
  if (!URL.canParse(given)) throw new UsageError(`${JSON.stringify(text)} is no address; accepted: ${accepted}`)
  const url = new URL(given)
  const protocol = protocols[url.protocol]
  if (protocol === undefined) throw new UsageError(`${JSON.stringify(text)}: not ${url.protocol}; accepted: ${accepted}`)
  url.protocol = protocol
  url.hash = ''
  if (url.pathname === '/') url.pathname = '/ws'
  return url.href
}

/** As it may be shown: a password or a token in it is nobody's business. */
export function shownAddress (address: string): string {
  const { protocol, host, pathname } = new URL(address)
  return `${protocol}//${host}${pathname}`
}
