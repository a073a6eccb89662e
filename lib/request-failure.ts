/** Of Node's errors, in capitals; OpenTelemetry has numbers there, DOMException as well. */
const CODE = /^[A-Z][A-Z\d_]+$/

/**
 * Why a request got no answer, for the log: fetch says "fetch failed" of everything, and the reason is its cause. What has none
 * is told by its name alone, since fetch repeats the URL, which may hold secrets, in what it says of itself.
 */
export function requestFailure (error: unknown): string {
  const { name, cause } = error as Error
  if (name === 'TimeoutError') return 'no answer in time'
  return cause === undefined ? `${name ?? error}` : described(cause)
}

/** An error of the network, by its code and in its words on one line; where several addresses were tried, the first one's. */
export function described (error: unknown): string {
  const { code, message = '', name, errors: [first] = [] } = error as Error & { code?: unknown, errors?: unknown[] }
  if (first !== undefined) return described(first)
  const known = typeof code === 'string' && CODE.test(code) ? [code] : []
  const words = message.replace(/\s+/g, ' ').trim()
  return [...known, ...words === '' ? [] : [words]].join(': ') || name || 'unknown'
}
