/**
 * Every close code that popcast sends by itself, with its reason (at most 123 bytes: RFC 6455 5.5) and what a
 * client does then. 4000 to 4499 may reconnect, 4500 to 4999 must not. 1009 (message too large), 1002 and 1007
 * (protocol errors) come from the WebSocket library.
 */
export const closeCodes = {
  goingAway: { code: 1001, reason: 'the server is shutting down, come back after retryAfterMs' },
  internal: { code: 1011, reason: 'internal error, reconnect' },
  slowConsumer: { code: 4008, reason: 'slow consumer: updates were not read in time, reconnect' },
  rate: { code: 4013, reason: 'rate: more was asked for than a client may, for too long; reconnect, and ask for less' },
  stale: { code: 4012, reason: 'stale: no answer to pings, reconnect' },
  limitsChanged: { code: 4014, reason: 'what the token is good for has changed, reconnect' },
  authUnavailable: { code: 4015, reason: 'tokens cannot be checked now, reconnect' },
  overCapacity: { code: 4016, reason: 'as many clients are here as MAX_CONNECTIONS allows, reconnect later' },
  unauthorized: { code: 4500, reason: 'token: missing, not valid, expired or withdrawn; only another one is let in' },
  invalidMessages: { code: 4501, reason: 'too many invalid messages in a row, fix the client' }
} as const

/**
 * Those that have a meaning whoever sends them: the registry of RFC 6455 7.4 (https://www.iana.org/assignments/websocket). 1005:
 * a goodbye without a code; 1006: no goodbye.
 */
const standardCodes = [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015]

/** The standard ones, then ours, then all others. */
export const countedCodes: readonly [...Array<number | 'other'>, number | 'other'] = [
  ...new Set(standardCodes.concat(Object.values(closeCodes).map(({ code }) => code))),
  'other'
]

export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes]
/** What a client was given: one of ours, or the library's. */
export interface GivenCode {
  readonly code: number
  readonly reason: string
}
