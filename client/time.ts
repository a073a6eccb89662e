export interface Clock {
  /** ms since the Unix epoch. */
  now (): number
  /** ms from an arbitrary origin; never set back. */
  monotonic (): number
  setTimeout (callback: () => void, ms: number): unknown
  clearTimeout (timer: any): void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer)
}

/** The wall clock may be set by so much without that being taken for sleep. */
const SLEEP_MS = 5_000

/** Monotonic time that goes on while the machine sleeps: in most browsers the monotonic clock stands still then. */
export function stopwatch (clock: Clock, onSlept: () => void): () => number {
  let slept = 0
  let ahead = clock.now() - clock.monotonic()
  return () => {
    const monotonic = clock.monotonic()
    const gained = clock.now() - monotonic - ahead
    if (gained < 0 || gained > SLEEP_MS) ahead += gained
    if (gained > SLEEP_MS) {
      slept += gained
      onSlept()
    }
    return monotonic + slept
  }
}
