import type { PopcastError } from './errors.ts'

export interface Backoff {
  /** Default 500. */
  readonly minMs: number
  /** Default 20_000. */
  readonly maxMs: number
  /** Default 2. */
  readonly factor: number
  /** So many failures in a row are the end. Default Infinity. */
  readonly attempts: number
  /** A connection that lived for so long sets the attempts back to 0. Default 10_000. */
  readonly resetAfterMs: number
}

/** Beyond it the power may be Infinity, and of `minMs: 0` no number. */
const MAX_EXPONENT = 99

/**
 * How long to wait before the next try: what the server has said, or full jitter (AWS Architecture Blog, "Exponential Backoff And
 * Jitter"). Already the first wait is drawn from 250 to 2,000 ms at the defaults, so that not all come back at once.
 * @param attempt how many have failed in a row
 */
export function waitMs (
  { minMs, maxMs, factor }: Omit<Backoff, 'attempts' | 'resetAfterMs'>,
  attempt: number,
  { code, retryAfterMs }: Pick<PopcastError, 'code' | 'retryAfterMs'>,
  random: number
): number {
  // A server that stops has spread it; a refusal says the same to all who were refused: that is spread by up to half of it more.
  if (retryAfterMs !== null) return retryAfterMs * (code === 'SHUTDOWN' ? 1 : 1 + random / 2)
  const low = minMs / 2
  const high = Math.min(maxMs, minMs * factor ** Math.min(attempt + 2, MAX_EXPONENT))
  return low + random * Math.max(0, high - low)
}
