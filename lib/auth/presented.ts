import type { IncomingHttpHeaders } from 'node:http'

/** What a client offers beside its token, and the server agrees to: a browser wants one of those it offered. */
export const SUBPROTOCOL = 'popcast'
/** Before the token in a subprotocol: a browser has no other place for one. What a header cannot hold is percent-encoded. */
const BEARER_PROTOCOL = 'bearer.'

export interface Presented {
  token: string
  by: 'authorization' | 'subprotocol'
}

/**
 * The token that a request comes with; null when it has none. Of a URL none is taken: those end up in logs.
 * @param isUpgrade a WebSocket is wanted, of which a subprotocol says something
 */
export function presentedToken (
  { authorization, 'sec-websocket-protocol': protocols }: IncomingHttpHeaders, isUpgrade: boolean
): Presented | null {
  const [, bearer] = /^bearer +(\S+) *$/i.exec(authorization ?? '') ?? []
  if (bearer !== undefined) return { token: bearer, by: 'authorization' }
  const protocol = !isUpgrade
    ? undefined
    : protocols?.split(',').map((name) => name.trim()).find(
      (name) => name.startsWith(BEARER_PROTOCOL)
    )
  return protocol === undefined ? null : { token: decoded(protocol.slice(BEARER_PROTOCOL.length)), by: 'subprotocol' }
}

/** The one that is agreed on: never the one with the token. */
export function chooseSubprotocol (offered: ReadonlySet<string>): string | false {
  if (offered.has(SUBPROTOCOL)) return SUBPROTOCOL
  return [...offered].find((name) => !name.startsWith(BEARER_PROTOCOL)) ?? false
}

function decoded (text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
