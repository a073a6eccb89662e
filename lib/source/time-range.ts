/** A time range, ms since the epoch, `start` inclusive, `stop` exclusive. */
export interface TimeRange {
  start: number
  stop: number
}
