import type { Histogram } from '../histogram.ts'
import { counter, gauge, secondsHistogram, type Family } from './exposition.ts'

export interface CostReadings {
  logLinesDropped: number
  /** Microseconds, user and system. */
  cpuMicroseconds: number
  residentBytes: number
  /** ms since the epoch. */
  startedAt: number
}

export interface ProcessReadings extends CostReadings {
  version: string
  /** Of Node. */
  runtime: string
  /** ms. */
  loopDelay: Histogram
}

/** What a process costs that serves nobody itself. */
export function costFamilies ({ cpuMicroseconds, residentBytes, startedAt, logLinesDropped }: CostReadings): Family[] {
  return [
    gauge('popcast_start_timestamp_seconds', 'When the process started.', startedAt / 1_000, 'min'),
    counter('popcast_cpu_seconds_total', 'CPU time of the process, user and system.', cpuMicroseconds / 1_000_000),
    gauge('popcast_resident_memory_bytes', 'Memory of the process.', residentBytes, 'sum'),
    counter('popcast_log_lines_dropped_total', 'Lines of the log that could not be written.', logLinesDropped)
  ]
}

/** The process itself. */
export function processFamilies (readings: ProcessReadings): Family[] {
  const { version, runtime, loopDelay } = readings
  return [
    gauge('popcast_build_info', 'Always 1: what runs.', [[{ version, node: runtime }, 1]]),
    secondsHistogram('popcast_event_loop_delay_seconds', 'How late a timer is that is due ten times a second.', loopDelay),
    ...costFamilies(readings)
  ]
}
