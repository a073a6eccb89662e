/** Why there is no answer about a PoP. */
export interface Problem {
  readonly kind: 'unknown-pop' | 'no-data' | 'unavailable' | 'refused' | 'network' | 'timeout' | 'malformed'
  readonly words: string
  /** Asking again may help. */
  readonly isPassing: boolean
}

/** @param status of HTTP; 0: there was no answer @param body what came, if it was JSON */
export function problemOf (code: string, status: number | 'timeout', body: unknown): Problem {
  const { code: error, message } = (body ?? {}) as { code?: unknown, message?: unknown }
  const said = typeof message === 'string' ? `: ${message}` : ''
  if (status === 'timeout') return { kind: 'timeout', words: 'no answer from the server for 10 s', isPassing: true }
  if (status === 0) return { kind: 'network', words: 'the server cannot be reached', isPassing: true }
  if (status === 404) return { kind: 'unknown-pop', words: `${code} is not known (any more)`, isPassing: true }
  if (status === 503 && error === 'NO_DATA') return { kind: 'no-data', words: 'no data yet', isPassing: true }
  const http = `(HTTP ${status}${said})`
  if (status >= 500 || status === 429) return { kind: 'unavailable', words: `the server cannot say now ${http}`, isPassing: true }
  if (status >= 400) return { kind: 'refused', words: `the server refused to say ${http}`, isPassing: false }
  return { kind: 'malformed', words: 'what came is no answer of popcast', isPassing: false }
}
