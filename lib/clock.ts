import { performance } from 'node:perf_hooks'

/** Cancels what it was returned for; calling it twice, or after the timer fired, does nothing. */
export type Cancel = () => void

/** The only source of time in `lib/`, so that a test can be the clock. */
export interface Clock {
  /** Wall clock, ms since the Unix epoch. May jump; use it only for what people and databases read. */
  now (): number
  /** Monotonic clock, ms from an arbitrary origin. Use it for every interval. */
  monotonic (): number
  /** Calls `callback` once after `delayMs`. */
  schedule (callback: () => void, delayMs: number): Cancel
  /** Resolves after everything that waits on I/O has had its turn. */
  turn (): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule (callback, delayMs) {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
  turn: () => new Promise((resolve) => setImmediate(resolve))
}

/** Resolves after so many ms. */
export function wait (clock: Pick<Clock, 'schedule'>, delayMs: number): Promise<void> {
  return new Promise((resolve) => { clock.schedule(resolve, delayMs) })
}

/** Settles as `work` does; resolves without it when it has taken so many ms. */
export async function within (clock: Pick<Clock, 'schedule'>, limitMs: number, work: Promise<void>): Promise<void> {
  let cancel = () => {}
  const limit = new Promise<void>((resolve) => { cancel = clock.schedule(resolve, limitMs) })
  try {
    await Promise.race([work, limit])
  } finally {
    cancel()
  }
}

/**
 * Calls `task` every `intervalMs` until cancelled; a slow task delays the next one instead of piling up, and one that throws
 * is told of and called again.
 */
export function repeat (clock: Clock, intervalMs: number, task: () => void, onError: (error: unknown) => void): Cancel {
  let cancel = clock.schedule(fire, intervalMs)
  function fire () {
    cancel = clock.schedule(fire, intervalMs)
    try {
      task()
    } catch (error) {
      onError(error)
    }
  }
  return () => cancel()
}
