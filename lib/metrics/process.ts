import type { Histogram } from '../histogram.ts'
import { counter, gauge, secondsHistogram, type Family } from './exposition.ts'

export interface ProcessReadings {
  version: string
  /** Of Node. */
  runtime: string
  logLinesDropped: number
  /** ms. */
  loopDelay: Histogram
  /** Microseconds, user and system. */
  cpuMicroseconds: number
  residentBytes: number
  /** ms since the epoch. */
  startedAt: number
}

/** The process itself. */
export function processFamilies (readings: ProcessReadings): Family[] {
  const { version, runtime, logLinesDropped, loopDelay, cpuMicroseconds, residentBytes, startedAt } = readings
  return [
    gauge('popcast_build_info', 'Always 1: what runs.', [[{ version, node: runtime }, 1]]),
    gauge('popcast_start_timestamp_seconds', 'When the process started.', startedAt / 1_000),
    counter('popcast_cpu_seconds_total', 'CPU time of the process, user and system.', cpuMicroseconds / 1_000_000),
    gauge('popcast_resident_memory_bytes', 'Memory of the process.', residentBytes),
    secondsHistogram('popcast_event_loop_delay_seconds', 'How late a timer is that is due ten times a second.', loopDelay),
    counter('popcast_log_lines_dropped_total', 'Lines of the log that could not be written.', logLinesDropped)
  ]
}
