import type { CostReadings } from './lib/metrics/process.ts'

/** Of this process. @param logLinesDropped so far */
export function costReadings (logLinesDropped: number): CostReadings {
  const { user, system } = process.cpuUsage()
  return {
    logLinesDropped,
    cpuMicroseconds: user + system,
    residentBytes: process.memoryUsage.rss(),
    startedAt: performance.timeOrigin
  }
}
