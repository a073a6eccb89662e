import type { Engine } from '../test/support/influxd.ts'

const OVERVIEW_MS = 10 * 60_000
const RECENT_MS = 2 * 60_000
const LIMIT = 100_001

/** The query of a tick as it was while the database aggregated: the last sample over ten minutes, count and mean over two. */
export async function aggregated (engine: Engine, language: 'influxql' | 'flux', now: number): Promise<void> {
  const { url, env: { INFLUXDB_TOKEN: token = '', INFLUXDB_BUCKET: bucket = '', INFLUXDB_ORG: org = '' } } = engine
  const response = language === 'flux'
    ? await fetch(`${url}/api/v2/query?${new URLSearchParams({ org })}`, {
      method: 'POST',
      headers: { authorization: `Token ${token}`, 'content-type': 'application/json', accept: 'application/csv' },
      body: JSON.stringify({ query: flux(bucket, now), type: 'flux' })
    })
    : await fetch(`${url}/query?${new URLSearchParams({ db: bucket, epoch: 'ms', q: influxql(now) })}`, {
      headers: { authorization: `Basic ${btoa(token)}` }
    })
  const answer = await response.text()
  if (!response.ok) throw new Error(answer)
}

function influxql (now: number): string {
  const since = (ms: number) => `FROM cold_start_metrics WHERE time >= ${now - ms}ms AND time < ${now}ms ` +
    'GROUP BY pop_code, function_name'
  return 'SELECT latest, recent_count, recent_mean FROM ' +
    `(SELECT last(cold_start_time_ms) AS latest ${since(OVERVIEW_MS)}), ` +
    `(SELECT count(cold_start_time_ms) AS recent_count, mean(cold_start_time_ms) AS recent_mean ${since(RECENT_MS)}) ` +
    'GROUP BY pop_code, function_name'
}

function flux (bucket: string, now: number): string {
  const samples = (ms: number) => `from(bucket: "${bucket}") |> range(start: ${new Date(now - ms).toISOString()}, ` +
    `stop: ${new Date(now).toISOString()}) ` +
    '|> filter(fn: (r) => r._measurement == "cold_start_metrics" and r._field == "cold_start_time_ms")'
  const series = '["pop_code", "function_name"]'
  return `
latest = ${samples(OVERVIEW_MS)} |> last()
recent = ${samples(RECENT_MS)} |> group(columns: ${series})
latest |> group(columns: ${series}) |> sort(columns: ["_time"]) |> last()
  |> keep(columns: ["_time", "_value", "pop_code", "function_name"]) |> group() |> limit(n: ${LIMIT}) |> yield(name: "latest")
recent |> count() |> group() |> limit(n: ${LIMIT}) |> yield(name: "count")
recent |> mean() |> group() |> limit(n: ${LIMIT}) |> yield(name: "mean")`
}
