import type { Test } from 'tap'
import { build } from './app.ts'
import { writeLines, type Engine } from './influxd.ts'
import type { Place, SampleSource, SeriesKey } from '../../lib/source/sample-source.ts'

export const MINUTE = 60_000
const HOUR = 60 * MINUTE
// Nothing polls while nobody is connected; a query of a busy machine may take long.
const PACE = { BROADCAST_INTERVAL_MS: '20000', QUERY_TIMEOUT_MS: '15000' }

/** A full hour of some hours ago: shards begin there. */
export const NOW = Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR
export const RANGE = { start: NOW - MINUTE, stop: NOW + MINUTE }

/** The source of a service with these settings. */
export async function sourceOf (t: Test, engine: Engine, measurement: string, env: Record<string, string> = {}) {
  const { app } = await build(t, { ...PACE, ...engine.env, INFLUXDB_MEASUREMENT: measurement, ...env })
  return { source: app.metricsSource }
}

/** Everything in `RANGE`. */
export async function read (source: SampleSource) {
  const taken: Array<{ text: string, value: number, series: SeriesKey, place: Place }> = []
  const result = await source.read(RANGE, (series, place, time, value) => {
    taken.push({ text: `${series.pop}/${series.functionName} ${(time - NOW) / 1_000} ${value}`, value, series, place })
  })
  return { taken, result }
}

/** @param lines without the measurement, `V` in place of the field's name, times in seconds from `NOW` */
export function write (engine: Engine, measurement: string, lines: string[]): Promise<void> {
  return writeLines(engine, lines.map((line) => {
    const [, tagsAndFields = '', seconds] = /^(.*) (-?\d+)$/.exec(line) ?? []
    const named = tagsAndFields.replace(/ V=/, ' cold_start_time_ms=')
    return `${measurement.replaceAll(' ', '\\ ')},${named} ${NOW + Number(seconds) * 1_000}`
  }))
}
