export interface Backoff {
  readonly minMs: number
  readonly maxMs: number
  readonly factor: number
}

/**
 * How long to wait before the next try: full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"). Already the first
 * wait is drawn from 250 to 2,000 ms at the defaults, so that those who lost one server do not come back all at once.
 * @param attempt how many have failed in a row
 */
export function backoffMs ({ minMs, maxMs, factor }: Backoff, attempt: number, random: number): number {
  const low = minMs / 2
  const high = Math.max(low, Math.min(maxMs, minMs * factor ** (attempt + 2)))
  return low + random * (high - low)
}

/** `retryAfterMs` of a refusal is the same for all who were refused: it is spread by up to half of it more. */
export function spreadMs (retryAfterMs: number, random: number): number {
  return retryAfterMs * (1 + random / 2)
}
