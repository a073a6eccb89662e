/** Sample times that differ by less than this share of the interval have the same phase. */
const TOLERANCE = 0.1
/** So many samples in a row make a pattern ... */
const PATTERN_SAMPLES = 4
/** ... and the phase is the mean of at most so many. */
const MAX_SAMPLES = 12
/** The polls follow a phase that has moved by more than this share of the interval; less is noise, and following it would be a walk. */
const DEAD_BAND = 0.02
/** Just after a sample's time, before a miss has shown that it takes longer to land; a share of the interval. */
const FIRST_OFFSET = 1 / 20
/** What a miss adds; doubled with each further one in a row. */
const STEP = 1 / 80
/** Beyond this a plain grid is as good. */
const MAX_OFFSET = 1 / 2
/** So many hits before it is tried whether the data lands sooner by now; doubled each time that it does not. */
const HITS_BEFORE_PROBE = 30
const HITS_BETWEEN_PROBES = 10
const MAX_HITS_BEFORE_PROBE = 960

/**
 * When to poll so that the writer's data has just landed, learned from nothing but the newest sample time of each poll.
 *
 * The phase of the samples within the interval is the circular mean of the last ones that agree
 * (https://en.wikipedia.org/wiki/Circular_mean). How long after it they land is found by trying: a poll that comes too
 * early misses its sample and moves the next ones back; a long run of hits is followed by one poll that comes a little
 * sooner, and after each such try that fails the next one is twice as far away, so it settles instead of oscillating.
 * Times are wall clock, ms since the epoch.
 */
export class WriterPhase {
  readonly #intervalMs: number
  /** The last new sample times, newest last. */
  #samples: number[] = []
  /** The phase that the polls follow; kept while there is no pattern, for the case that it comes back. */
  #target: number | null = null
  #aligned = false
  #offset = 0
  #step: number
  #hits = 0
  #hitsBeforeProbe = HITS_BEFORE_PROBE
  #probing = false
  /** Polls at which a sample was due since one came. */
  #missedInARow = 0

  constructor (intervalMs: number) {
    this.#intervalMs = intervalMs
    this.#step = intervalMs * STEP
  }

  /** How often new samples come, in whole poll intervals; null while that is not known. */
  get writerIntervalMs (): number | null {
    const gaps = this.#samples.slice(1).map((sample, index) => sample - (this.#samples[index] as number)).sort((a, b) => a - b)
    const median = gaps[Math.floor(gaps.length / 2)]
    return median === undefined || gaps.length < PATTERN_SAMPLES - 1 ? null : this.#intervalMs * Math.max(1, Math.round(median / this.#intervalMs))
  }

  /** The first time from `notBefore` on at which new data should have landed; null when there is no pattern. */
  nextPoll (notBefore: number): number | null {
    if (this.#target === null || !this.#aligned || this.#offset > this.#intervalMs * MAX_OFFSET) return null
    return notBefore + this.#modulo(this.#target + this.#offset - notBefore)
  }

  /** Takes what a poll has seen. */
  observe (polledAt: number, dataTime: number | null): void {
    const newest = this.#samples.at(-1)
    const isNew = dataTime !== null && (newest === undefined || dataTime > newest)
    if (isNew) this.#samples = [...this.#samples, dataTime].slice(-MAX_SAMPLES)
    const phase = this.#phase
    const wasAligned = this.#aligned
    this.#aligned = phase !== null
    if (phase === null) return
    this.#follow(phase, polledAt - (this.#samples.at(-1) as number))
    if (!wasAligned) return
    if (isNew && !this.#isLate(polledAt, dataTime)) this.#hit()
    else if (isNew || this.#isLate(polledAt, newest as number)) this.#miss(isNew)
  }

  /** @param age of the newest sample, ms; negative when its writer's clock is ahead */
  #follow (phase: number, age: number): void {
    const moved = this.#target === null ? Infinity : Math.abs(this.#signedModulo(phase - this.#target))
    if (moved > this.#intervalMs * DEAD_BAND) this.#target = phase
    if (moved <= this.#intervalMs * TOLERANCE) return
    // Where data is young already when it is polled, nothing is moved: it would only be chased.
    this.#offset = Math.min(age, this.#intervalMs * FIRST_OFFSET)
    this.#step = this.#intervalMs * STEP
    this.#hits = 0
    this.#missedInARow = 0
    this.#probing = false
    this.#hitsBeforeProbe = HITS_BEFORE_PROBE
  }

  /** Whether there should have been a newer sample than this one when it was polled. */
  #isLate (polledAt: number, sample: number): boolean {
    return polledAt - sample >= (this.writerIntervalMs ?? this.#intervalMs) + this.#offset - this.#intervalMs * TOLERANCE
  }

  #hit (): void {
    this.#missedInARow = 0
    this.#step = this.#intervalMs * STEP
    this.#hits++
    if (this.#probing) {
      this.#probing = false
      this.#hits = this.#hitsBeforeProbe - HITS_BETWEEN_PROBES
    }
    const lower = this.#offset - this.#intervalMs * STEP
    if (this.#hits < this.#hitsBeforeProbe || lower < this.#intervalMs * FIRST_OFFSET) return
    this.#offset = lower
    this.#probing = true
    this.#hits = 0
  }

  /** @param hasCome the sample that was missed has come since: it lands late. Otherwise the writer may have stopped, which tells nothing about when it lands. */
  #miss (hasCome: boolean): void {
    if (++this.#missedInARow > 1 && !hasCome) return
    this.#hits = 0
    this.#offset += this.#step
    if (this.#probing) {
      this.#probing = false
      this.#hitsBeforeProbe = Math.min(this.#hitsBeforeProbe * 2, MAX_HITS_BEFORE_PROBE)
    } else {
      this.#step *= 2
    }
  }

  /** The circular mean of the newest samples that agree; null when not even the last few do. */
  get #phase (): number | null {
    const newest = this.#samples.at(-1)
    if (newest === undefined) return null
    const differences: number[] = []
    for (const sample of this.#samples.toReversed()) {
      const difference = this.#signedModulo(sample - newest)
      if (Math.abs(difference) > this.#intervalMs * TOLERANCE) break
      differences.push(difference)
    }
    if (differences.length < PATTERN_SAMPLES) return null
    return this.#modulo(newest + differences.reduce((sum, difference) => sum + difference, 0) / differences.length)
  }

  #modulo (time: number): number {
    return ((time % this.#intervalMs) + this.#intervalMs) % this.#intervalMs
  }

  #signedModulo (difference: number): number {
    const remainder = this.#modulo(difference)
    return remainder > this.#intervalMs / 2 ? remainder - this.#intervalMs : remainder
  }
}
