/** What a PoP was in one of its own intervals: the unit of which recent values and baselines are made. */
export interface Point {
  /** End of the interval, ms since the epoch. */
  time: number
  /** ms: mean over its functions of the mean over each one's living series of their newest samples. */
  value: number
  /** Raw samples that lie in the interval. */
  samples: number
}

/** One PoP after a tick, put together from the samples in the window. */
export interface Pop {
  code: string
  /** ms: its value now, see `Point`. */
  coldStartMs: number
  /** Time of its newest sample, ms since the epoch. */
  sampleTime: number
  /** That report. */
  functions: number
  /** Its own rhythm, ms; that of the fleet, or of the polls, while it is not known. */
  intervalMs: number
  /** No sample for 2.5 of its own intervals. */
  isSilent: boolean
  /** Its last points, oldest first, at most `MOST_POINTS`; the newest up to where every function has reported. */
  points: readonly Point[]
}

/** So many last points of a PoP are told to the detector. */
export const MOST_POINTS = 16
