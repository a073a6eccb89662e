/** Shares of the poll interval. */
const YOUNG = 1 / 20
const STEP = 1 / 80
const ISOLATED_LIMIT = 1 / 20
const HEADROOM = 1 / 10
/**
 * Samples in a row that were there before an earlier poll is tried, at first
 * and at most, and after an earlier poll that went well.
 */
const FIRST_WAIT = 30
const LONGEST_WAIT = 480
const WAIT_AFTER_SUCCESS = 10

/** Plain data: JSON takes it there and back. */
export interface LandingSnapshot {
  ms: number
  base: number
  floor: number
  limit: number
  raise: number
  drop: number
  hits: number
  wait: number
  probeAfter: number
  before: number | null
  tooEarly: number | null
}

/**
 * How long after its sample time a sample can be read: a search, since a poll only shows whether it was there. Up by a
 * step with each sample that was not (doubling while they follow each other), down by one now and then; a step down
 * that fails is taken back at once and the next waits twice as long, so it does not oscillate.
 */
export class LandingOffset {
  readonly #intervalMs: number
  #ms: number
  /** Where this search began, the lowest it may try, and what is late enough beyond doubt. */
  #base = 0
  #floor = 0
  #limit = 0
  #raise = 0
  #drop = 0
  #hits = 0
  #wait = FIRST_WAIT
  #probeAfter = FIRST_WAIT
  /** The offset before the last step down, until that has proved good. */
  #before: number | null = null
  /** Where the last step down failed: the next ones go at most halfway there. */
  #tooEarly = -Infinity

  constructor (intervalMs: number) {
    this.#intervalMs = intervalMs
    this.#ms = YOUNG * intervalMs
  }

  /** ms after the sample time. More than one interval where the writer's clock is that far behind ours. */
  get ms (): number {
    return this.#ms
  }

  /**
   * Begins anew for samples that were `ageMs` old when first seen: it must be that or up to an interval less. What is
   * young already stays where it is: PoPs that write at phases of their own would only be chased.
   */
  start (ageMs: number): void {
    const interval = this.#intervalMs
    const young = YOUNG * interval
    const lowest = Math.max(young, this.#ms % interval)
    // Older than an interval, and almost there with the poll before: rather a little later than that than as late as now.
    const margin = ageMs > interval ? young : 0
    const known = lowest + Math.floor((ageMs - margin - lowest) / interval) * interval
    this.#ms = known >= young ? known : ageMs
    this.#base = this.#ms
    this.#floor = this.#ms <= young ? this.#ms : Math.max(young, ageMs - interval)
    this.#limit = ageMs + HEADROOM * interval
    this.#raise = this.#drop = STEP * interval
    this.#hits = 0
    this.#wait = this.#probeAfter = FIRST_WAIT
    this.#before = null
    this.#tooEarly = -Infinity
  }

  /** A sample was there when it was expected. */
  hit (): void {
    this.#raise = STEP * this.#intervalMs
    if (++this.#hits < this.#probeAfter) return
    this.#hits = 0
    const step = STEP * this.#intervalMs
    const halfway = (this.#ms - this.#tooEarly) / 2
    this.#drop = Math.min(this.#before === null ? step : 2 * this.#drop, Math.max(step, halfway))
    const lower = Math.max(this.#floor, this.#ms - this.#drop)
    this.#before = lower < this.#ms ? this.#ms : null
    this.#probeAfter = this.#before === null ? this.#wait : WAIT_AFTER_SUCCESS
    if (this.#before !== null) this.#ms = lower
  }

  /** A sample was not there when it was expected. Returns false when the search is over without a result. */
  miss (): boolean {
    this.#hits = 0
    if (this.#before !== null) {
      this.#tooEarly = this.#ms
      this.#ms = this.#before
      this.#before = null
      this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT)
    } else if (this.#ms >= this.#limit) {
      return false
    } else {
      // A writer that drops a sample now and then must not push the offset up for ever.
      const repeated = this.#raise > STEP * this.#intervalMs
      if (repeated || this.#ms < this.#base + ISOLATED_LIMIT * this.#intervalMs) {
        this.#ms = Math.min(this.#ms + this.#raise, this.#limit)
      }
      this.#raise *= 2
    }
    this.#probeAfter = this.#wait
    return true
  }

  snapshot (): LandingSnapshot {
    return {
      ms: this.#ms,
      base: this.#base,
      floor: this.#floor,
      limit: this.#limit,
      raise: this.#raise,
      drop: this.#drop,
      hits: this.#hits,
      wait: this.#wait,
      probeAfter: this.#probeAfter,
      before: this.#before,
      // JSON has no infinity.
      tooEarly: Number.isFinite(this.#tooEarly) ? this.#tooEarly : null
    }
  }

  restore ({ ms, base, floor, limit, raise, drop, hits, wait, probeAfter, before, tooEarly }: LandingSnapshot): void {
    this.#ms = ms
    this.#base = base
    this.#floor = floor
    this.#limit = limit
    this.#raise = raise
    this.#drop = drop
    this.#hits = hits
    this.#wait = wait
    this.#probeAfter = probeAfter
    this.#before = before
    this.#tooEarly = tooEarly ?? -Infinity
  }
}
