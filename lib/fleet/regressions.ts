import type { BaselineKind } from './references.ts'

/** Closed regressions that are remembered. */
const MAX_CLOSED = 100

export type Severity = 'warning' | 'critical'

/** How far the recent value is from the baseline. All of it is finite. */
export interface Comparison {
  recentMs: number
  baselineMs: number
  baselineKind: BaselineKind
  /** That the baseline is made of. */
  baselineDays: number
  /** The unit of the score. */
  deviationMs: number
  /** (recent - baseline) / baseline, as a share: 0.5 is +50 %. */
  increase: number
  zScore: number
  /** In the recent window and in the baseline. */
  samples: { recent: number, baseline: number }
}

/**
 * One regression as it was told last: between two events nothing of it
 * changes. Times are those of samples, ms since the epoch.
 */
export interface Regression {
  /** The same for as long as it lasts, also over a restart. */
  id: string
  pop: string
  /** What was told last; `updated`: its severity has changed. */
  state: 'opened' | 'updated' | 'resolved'
  severity: Severity
  openedAt: number
  /** When it began: the first value above the line. */
  since: number
  closedAt: number | null
  /**
   * `gone`: the PoP does not report any more, which says nothing about how fast it is;
   * `new_normal`: it has been slower for so long that this is usual now.
   */
  closeReason: null | 'recovered' | 'gone' | 'new_normal'
  comparison: Comparison
}

export interface RegressionEvent {
  /** That of the regression. */
  state: Regression['state']
  regression: Regression
}

/** Plain data: JSON takes it there and back. */
export interface RegressionsSnapshot {
  /** Oldest first. */
  open: readonly Regression[]
  /** Newest first. */
  closed: readonly Regression[]
}

/** What is new about the regression of a PoP. */
export interface Finding {
  severity: Severity
  comparison: Comparison
}

/**
 * The record of regressions, and the only one: whoever asks what is open is told what those heard who listened. What it
 * hands out is never changed afterwards, so that it may be kept as it was at some tick.
 */
export class Regressions {
  /** By PoP, which has at most one. */
  #byPop = new Map<string, Regression>()
  #open: readonly Regression[] = []
  #closed: readonly Regression[] = []

  /** Oldest first. The same array until something is told. */
  get open (): readonly Regression[] {
    return this.#open
  }

  /** The last ones, newest first. The same array until something is told. */
  get closed (): readonly Regression[] {
    return this.#closed
  }

  /** What is open of this PoP. */
  of (pop: string): Regression | undefined {
    return this.#byPop.get(pop)
  }

  /** @param since when it began; `sampleTime`: when that was found */
  begin (pop: string, sampleTime: number, since: number, { severity, comparison }: Finding): Regression {
    let openedAt = sampleTime
    // A PoP that was missing in one answer may come back with the sample that it had before.
    while (this.#closed.some(({ id }) => id === `${pop}_${openedAt}`)) openedAt++
    const id = `${pop}_${openedAt}`
    return this.#keep({ id, pop, state: 'opened', severity, openedAt, since, closedAt: null, closeReason: null, comparison })
  }

  update (open: Regression, { severity, comparison }: Finding): Regression {
    return this.#keep({ ...open, state: 'updated', severity, comparison })
  }

  /** @param comparison the one that shows the recovery; without it, it stays the one that was told last */
  close (
    open: Regression,
    closedAt: number,
    closeReason: NonNullable<Regression['closeReason']>,
    comparison = open.comparison
  ): Regression {
    const closed: Regression = { ...open, state: 'resolved', closedAt, closeReason, comparison }
    this.#byPop.delete(open.pop)
    this.#open = this.#open.filter(({ id }) => id !== open.id)
    this.#closed = [closed, ...this.#closed].slice(0, MAX_CLOSED)
    return closed
  }

  snapshot (): RegressionsSnapshot {
    return { open: this.#open, closed: this.#closed }
  }

  /** Forgets what it had. */
  restore ({ open, closed }: RegressionsSnapshot): void {
    this.#byPop = new Map(open.map((regression) => [regression.pop, regression]))
    this.#open = [...open]
    this.#closed = [...closed]
  }

  #keep (regression: Regression): Regression {
    this.#byPop.set(regression.pop, regression)
    this.#open = Array.from(this.#byPop.values()).sort((a, b) => a.openedAt - b.openedAt)
    return regression
  }
}
