import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Teardown } from './service.ts'

const STEP_MS = 1_000
const FUNCTIONS = ['auth', 'render']
/** Rows of one document of an answer. */
const CHUNK_ROWS = 5_000

/** A query of samples. */
export interface Poll {
  at: number
  /** Of a tick: up to now. Else it makes up for what is missing of the past. */
  isTick: boolean
  /** By the clock of who asks, but for a constant, ms since the epoch. */
  askedAt: number
}

/** In place of an InfluxDB 1.x, for processes: what its PoPs measure is a function of the time, and each query is counted. */
export class SimulatedDatabase {
  readonly polls: Poll[] = []
  /** Since when the first PoP is slower, ms since the epoch. */
  slowSince = Infinity
  /** Called with each query of a tick; it is answered when this resolves. */
  onTick: () => Promise<void> = async () => {}
  /** Answers every request in the place of the database; null: the database does. */
  fault: ((response: ServerResponse) => void) | null = null
  /** How far the clock of who asks is ahead, ms. */
  askerAheadMs = 0
  readonly #pops: readonly string[]
  readonly #server = createServer((request, response) => {
    const statement = new URL(request.url ?? '', 'http://database').searchParams.get('q') ?? ''
    void this.#answer(statement, response)
  })

  private constructor (pops: number) {
    this.#pops = Array.from({ length: pops }, (_, index) => `pop${index}`)
  }

  static async start (t: Teardown, pops = 6): Promise<SimulatedDatabase> {
    const database = new SimulatedDatabase(pops)
    await once(database.#server.listen(0, '127.0.0.1'), 'listening')
    t.teardown(() => {
      database.#server.close()
      database.#server.closeAllConnections()
    })
    return database
  }

  get env () {
    return {
      METRICS_SOURCE: 'influxdb',
      INFLUXDB_QUERY_LANGUAGE: 'influxql',
      INFLUXDB_URL: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`,
      INFLUXDB_BUCKET: 'db'
    }
  }

  /** When queries of ticks arrived, on the monotonic clock. */
  get ticks (): number[] {
    return this.polls.filter(({ isTick }) => isTick).map(({ at }) => at)
  }

  /** When they were asked, in order: on a busy machine they arrive late. ms since the epoch. */
  get ticksAsked (): number[] {
    return this.polls.filter(({ isTick }) => isTick).map(({ askedAt }) => askedAt).sort((a, b) => a - b)
  }

  async #answer (statement: string, response: ServerResponse): Promise<void> {
    response.on('error', () => {})
    const [, start] = /time >= (-?\d+)ms/.exec(statement) ?? []
    const [, stop] = /time < (\d+)ms/.exec(statement) ?? []
    const isOfSamples = statement.includes('*::tag') && start !== undefined && stop !== undefined
    const isTick = Number(stop) > Date.now() + this.askerAheadMs
    if (isOfSamples) this.polls.push({ at: performance.now(), isTick, askedAt: Number(stop) })
    if (this.fault !== null) return this.fault(response)
    response.writeHead(200, { 'content-type': 'application/json' })
    if (!isOfSamples) {
      response.end('{"results":[{"statement_id":0}]}\n')
      return
    }
    if (isTick) await this.onTick()
    const columns = ['time', '_value', 'function_name', 'pop_code']
    const values = this.#rows(Number(start), Math.min(Number(stop), Date.now() + 1))
    const chunks = Array.from({ length: Math.ceil(values.length / CHUNK_ROWS) }, (_, index) =>
      values.slice(index * CHUNK_ROWS, (index + 1) * CHUNK_ROWS))
    for (const [index, chunk] of chunks.entries()) {
      const series = [{ name: 'cold_start_metrics', columns, values: chunk, ...(index < chunks.length - 1 && { partial: true }) }]
      const partial = index < chunks.length - 1 && { partial: true }
      response.write(`${JSON.stringify({ results: [{ statement_id: 0, series, ...partial }] })}\n`)
    }
    response.end(chunks.length === 0 ? '{"results":[{"statement_id":0}]}\n' : '')
  }

  #rows (start: number, stop: number): unknown[][] {
    const rows: unknown[][] = []
    // Of the past there is less, as there would be of a slower writer: nobody compares single samples.
    const step = stop < Date.now() - 20 * 60_000 ? 10 * STEP_MS : STEP_MS
    for (let time = Math.ceil(start / step) * step; time < stop; time += step) {
      for (const [index, pop] of this.#pops.entries()) {
        for (const [number, name] of FUNCTIONS.entries()) {
          const noise = ((time / step * 7 + index * 5 + number * 3) % 11 - 5) / 50
          const slow = index === 0 && time >= this.slowSince ? 8 : 0
          rows.push([time, 5 + index / 10 + noise + slow, name, pop])
        }
      }
    }
    return rows
  }
}
