import type { Cancel, Clock } from '../../lib/clock.ts'

interface Timer {
  at: number
  callback: () => void
}

/** A clock that stands still until the test moves it. Wall and monotonic time can be moved apart. */
export class FakeClock implements Clock {
  #wall: number
  #monotonic = 1_000
  #timers = new Set<Timer>()

  constructor (now = Date.UTC(2026, 0, 1)) {
    this.#wall = now
  }

  now (): number {
    return this.#wall
  }

  monotonic (): number {
    return this.#monotonic
  }

  schedule (callback: () => void, delayMs: number): Cancel {
    const timer = { at: this.#monotonic + delayMs, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Turns that were asked for. */
  turns = 0

  /** What happens while everybody else has a turn. */
  onTurn: () => void = () => {}

  turn (): Promise<void> {
    this.turns++
    this.onTurn()
    return settle()
  }

  /** Time passes while something works: no timer fires meanwhile. */
  pass (ms: number): void {
    this.#pass(ms)
  }

  get pendingTimers (): number {
    return this.#timers.size
  }

  /** Lets time pass: every timer that comes due fires at its own time, and what it set off settles before the next. */
  async advance (ms: number): Promise<void> {
    const end = this.#monotonic + ms
    await settle()
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#timers.delete(timer)
      this.#pass(timer.at - this.#monotonic)
      timer.callback()
      await settle()
    }
    this.#pass(end - this.#monotonic)
  }

  /** The process was paused: time has passed and no timer fired meanwhile; what came due fires once afterwards. */
  async pause (ms: number): Promise<void> {
    this.#pass(ms)
    await this.advance(0)
  }

  /** The wall clock is set (by NTP, by a person); the monotonic one does not notice. */
  setWall (now: number): void {
    this.#wall = now
  }

  #pass (ms: number): void {
    const forward = Math.max(0, ms)
    this.#wall += forward
    this.#monotonic += forward
  }

  #next (end: number): Timer | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
  }
}

/** Lets every promise that can settle without I/O do so. */
export function settle (): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
