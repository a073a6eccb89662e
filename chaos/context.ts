import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { uniform } from '../lib/simulation/random.ts'
import type { LoadOptions, LoadReport } from '../bench/load-client.ts'
import type { Redis } from '../test/support/redis.ts'
import { portOf, startProgram, type Service, type Teardown } from '../test/support/service.ts'
import { SimulatedDatabase } from '../test/support/simulated-database.ts'
import type { CrowdOptions, CrowdReport } from './crowd.ts'
import { Subject } from './subject.ts'
import { expectSoon, expectWithin, Slots } from './waiting.ts'

export interface RunOptions {
  seed: number
  isQuick: boolean
  /** How long the soak takes instead of its usual time; null: that. */
  hours: number | null
  redis: Redis | null
  /** Whether the network is ours alone. */
  hasOwnNetwork: boolean
}

export interface StartOptions {
  env?: Record<string, string>
  pops?: number
  observers?: number
  /** Of every request of the observers. */
  headers?: Record<string, string>
  nodeArguments?: string[]
  /** A command that becomes the service. */
  launcher?: string[]
  program?: string
}

const PROBE = fileURLToPath(new URL('../test/support/probe.js', import.meta.url))
const INTERVAL_MS = 1_000
const START_WITHIN_MS = 40_000
/** A start takes a core for a second: those of others would only make it longer. */
const starting = new Slots(availableParallelism())
const CONNECTED_WITHIN_MS = 40_000
let names = 0

/** One fault's: everything that it starts ends with it. */
export class Context implements Teardown {
  readonly options: RunOptions
  readonly subjects: Subject[] = []
  readonly #ends: Array<() => unknown> = []
  #drawn = 0

  constructor (options: RunOptions) {
    this.options = options
  }

  get isQuick (): boolean {
    return this.options.isQuick
  }

  teardown (end: () => unknown): void {
    this.#ends.push(end)
  }

  /** Ends what was started, last first. */
  async end (): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end()
  }

  /** A whole number below `limit`, the next one of this seed. */
  draw (limit: number): number {
    return Math.floor(uniform(this.options.seed, this.#drawn++) * limit)
  }

  drawn (bytes: number): Buffer {
    return Buffer.from(Array.from({ length: bytes }, () => this.draw(256)))
  }

  /** The service, on a database of its own, with good clients that have been told something. */
  async start ({ observers = 4, pops = 6, env = {}, headers = {}, ...how }: StartOptions = {}): Promise<Subject> {
    const database = await SimulatedDatabase.start(this, pops)
    const { service, port } = await starting.use(async () => {
      const service = this.launch({ ...database.env, ...env }, how)
      return { service, port: await expectWithin(START_WITHIN_MS, 'it listens', portOf(service)) }
    })
    const intervalMs = Number(env.BROADCAST_INTERVAL_MS ?? INTERVAL_MS)
    const subject = new Subject({ service, port, database, intervalMs, headers })
    this.subjects.push(subject)
    // Of a stream that is shared it has to have been read first.
    await expectSoon(START_WITHIN_MS, 'it is ready', async () => await subject.status('/health/ready') === 200)
    await subject.observe(observers)
    return subject
  }

  launch (
    env: Record<string, string>,
    { nodeArguments = [], launcher = [], program = 'server.js' }: Omit<StartOptions, 'env' | 'pops' | 'observers'> = {}
  ): Service {
    const { redis } = this.options
    const shared = redis === null ? {} : { CLUSTER_URL: redis.url, CLUSTER_NAME: `chaos-${process.pid}-${++names}` }
    return startProgram(
      this,
      program,
      [],
      {
        HOST: '127.0.0.1',
        PORT: '0',
        BROADCAST_INTERVAL_MS: String(INTERVAL_MS),
        QUERY_TIMEOUT_MS: '900',
        DRAIN_TIMEOUT_MS: '2000',
        DRAIN_DELAY_MS: '0',
        ...shared,
        ...env
      },
      ['--expose-gc', '--import', PROBE, ...nodeArguments],
      launcher
    )
  }

  /** Clients in a process of their own that do what is not done. @param launcher of another network, say */
  async crowd (options: CrowdOptions, launcher: string[] = []): Promise<Crowd> {
    const file = fileURLToPath(new URL('crowd.js', import.meta.url))
    const [command = '', ...rest] = [...launcher, process.execPath, file, JSON.stringify(options)]
    const child = spawn(command, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.teardown(() => child.kill('SIGKILL'))
    const crowd = new Crowd(child)
    await crowd.report('ready')
    return crowd
  }

  /** The load client of the benchmark; resolves when all are connected, with how long that took, ms. */
  async load (
    options: Pick<LoadOptions, 'port' | 'clients'> & Partial<LoadOptions>
  ): Promise<{ child: ChildProcess, tookMs: number }> {
    const whole: LoadOptions = {
      path: '/ws',
      events: false,
      deflate: false,
      greeting: null,
      // The welcome, and the last update.
      messagesToConnect: 2,
      neverRead: 0,
      concurrency: 200,
      ...options
    }
    const child = fork(fileURLToPath(new URL('../bench/load-client.js', import.meta.url)), [JSON.stringify(whole)])
    this.teardown(() => child.kill('SIGKILL'))
    const [report] = await expectWithin(CONNECTED_WITHIN_MS, 'all are connected', once(child, 'message')) as [LoadReport]
    if (report.event !== 'connected') throw new Error(`unexpected ${report.event}`)
    return { child, tookMs: report.milliseconds }
  }
}

/** Clients in a process of their own. */
export class Crowd {
  readonly child: ChildProcess
  readonly #reports: CrowdReport[] = []

  constructor (child: ChildProcess) {
    this.child = child
    child.on('message', (report: CrowdReport) => { this.#reports.push(report) })
  }

  /** Resolves with the report of this event. @throws when there is none in time */
  async report (event: CrowdReport['event'], ms = CONNECTED_WITHIN_MS): Promise<CrowdReport> {
    const next = async () => {
      for (;;) {
        const found = this.#reports.find((report) => report.event === event)
        if (found !== undefined) return found
        await once(this.child, 'message')
      }
    }
    return expectWithin(ms, `${event} of a crowd`, next())
  }

  async end (): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const exit = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await exit
  }
}
