import { flux, type InfluxDB, type QueryApi, type ParameterizedQuery } from '@influxdata/influxdb-client'
import { PLACE_FIELDS, PLACE_TAGS, placeOf, rowCounter, type InfluxQueries, type InfluxSchema } from './influx-queries.ts'
import { finiteBaselines, finiteReadings } from './finite-answers.ts'
import type { FunctionReading, Place, TimeRange, WindowStatistics } from './source.ts'
import { robustStatistics } from './statistics.ts'
import { SourceError } from './source-error.ts'

type Row = Record<string, string | number | undefined>

/** The questions in Flux (InfluxDB 2.x, 1.8), each one script with several named results, through the client's QueryApi. */
export class FluxQueries implements InfluxQueries {
  readonly #api: QueryApi
  readonly #schema: InfluxSchema
  readonly #maxRows: number

  constructor (client: InfluxDB, org: string, schema: InfluxSchema, maxRows: number) {
    this.#api = client.getQueryApi(org)
    this.#schema = schema
    this.#maxRows = maxRows
  }

  async readings (overview: TimeRange, recent: TimeRange): Promise<FunctionReading[]> {
    const { popTag, functionTag } = this.#schema
    const rows = await this.#collect(this.#readingsScript(overview, recent))
    const readings = new Map<string, FunctionReading>()
    const key = (row: Row) => JSON.stringify([row[popTag], row[functionTag]])
    for (const row of rows.get('latest') ?? []) {
      readings.set(key(row), {
        pop: String(row[popTag] ?? ''),
        functionName: String(row[functionTag] ?? ''),
        value: Number(row._value),
        time: Date.parse(String(row._time)),
        recentCount: 0,
        recentMean: NaN
      })
    }
    for (const row of rows.get('count') ?? []) patch(readings.get(key(row)), { recentCount: Number(row._value) })
    for (const row of rows.get('mean') ?? []) patch(readings.get(key(row)), { recentMean: Number(row._value) })
    return finiteReadings(readings.values())
  }

  async baseline (range: TimeRange): Promise<Map<string, WindowStatistics>> {
    const rows = await this.#collect(this.#baselineScript(range))
    const values = (result: string) =>
      new Map((rows.get(result) ?? []).map((row) => [String(row[this.#schema.popTag] ?? ''), Number(row._value)]))
    const medians = values('median')
    const quartiles = values('quartile')
    return finiteBaselines(Array.from(values('count'), ([pop, count]) => {
      const median = medians.get(pop) ?? NaN
      return [pop, robustStatistics(count, median, quartiles.get(pop) ?? median)] as const
    }))
  }

  async places (range: TimeRange): Promise<Map<string, Place>> {
    const rows = await this.#collect(this.#placesScript(range))
    const found = new Map<string, Record<string, unknown>>()
    for (const row of rows.get('places') ?? []) {
      const pop = String(row[this.#schema.popTag] ?? '')
      found.set(pop, { ...found.get(pop), ...row, [String(row._field)]: row._value })
    }
    return new Map(Array.from(found, ([pop, values]) => [pop, placeOf(values)]))
  }

  #readingsScript (overview: TimeRange, recent: TimeRange): ParameterizedQuery {
    const { popTag, functionTag } = this.#schema
    const series = [popTag, functionTag]
    const limit = this.#maxRows + 1
    // last() first, while the tables are still the database's series: it is pushed down to the storage.
    return flux`
latest = ${this.#samples(overview)} |> last()
recent = ${this.#samples(recent)} |> group(columns: ${series})
latest |> group(columns: ${series}) |> sort(columns: ["_time"]) |> last() |> keep(columns: ${['_time', '_value', ...series]})
  |> group() |> limit(n: ${limit}) |> yield(name: "latest")
recent |> count() |> group() |> limit(n: ${limit}) |> yield(name: "count")
recent |> mean() |> group() |> limit(n: ${limit}) |> yield(name: "mean")`
  }

  #baselineScript (range: TimeRange): ParameterizedQuery {
    const limit = this.#maxRows + 1
    return flux`
samples = ${this.#samples(range)} |> group(columns: ${[this.#schema.popTag]})
samples |> count() |> group() |> limit(n: ${limit}) |> yield(name: "count")
samples |> quantile(q: 0.5, method: "exact_mean") |> group() |> limit(n: ${limit}) |> yield(name: "median")
samples |> quantile(q: 0.25, method: "exact_mean") |> group() |> limit(n: ${limit}) |> yield(name: "quartile")`
  }

  #placesScript ({ start, stop }: TimeRange): ParameterizedQuery {
    const { bucket, measurement, field, popTag } = this.#schema
    const [latitude, longitude] = PLACE_FIELDS
    const columns = [popTag, ...PLACE_TAGS, '_field']
    // The value's own field is asked for as well, so that a PoP without coordinates still has its tags.
    return flux`from(bucket: ${bucket}) |> range(start: ${new Date(start)}, stop: ${new Date(stop)})
  |> filter(fn: (r) => r._measurement == ${measurement} and
    (r._field == ${field} or r._field == ${latitude} or r._field == ${longitude}))
  |> last() |> group(columns: ${columns}) |> last() |> keep(columns: ${['_value', ...columns]})
  |> group() |> limit(n: ${this.#maxRows + 1}) |> yield(name: "places")`
  }

  #samples ({ start, stop }: TimeRange): ParameterizedQuery {
    const { bucket, measurement, field } = this.#schema
    return flux`from(bucket: ${bucket}) |> range(start: ${new Date(start)}, stop: ${new Date(stop)})
  |> filter(fn: (r) => r._measurement == ${measurement} and r._field == ${field})`
  }

  /** Rows by the name of their result. */
  async #collect (script: ParameterizedQuery): Promise<Map<string, Row[]>> {
    const results = new Map<string, Row[]>()
    const countRow = rowCounter(this.#maxRows)
    await this.#api.collectRows(script, (values, tableMeta) => {
      const row = tableMeta.toObject(values)
      // A script that fails after the first byte of the answer says so in a table of its own, under a status of 200.
      if (row.error !== undefined) throw new SourceError('bad_answer', `the script failed: ${row.error}`)
      countRow()
      const name = String(row.result)
      const rows = results.get(name)
      if (rows === undefined) results.set(name, [row])
      else rows.push(row)
      return undefined
    })
    return results
  }
}

function patch (reading: FunctionReading | undefined, values: Partial<FunctionReading>): void {
  if (reading !== undefined) Object.assign(reading, values)
}
