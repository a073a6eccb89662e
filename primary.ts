import cluster, { type Worker } from 'node:cluster'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import closeWithGrace from 'close-with-grace'
import type { Config } from './config.ts'
import { newInstanceName } from './instance-name.ts'
import { systemClock } from './lib/clock.ts'
import type { Written } from './lib/cluster/codec.ts'
import { DirectoryLog } from './lib/cluster/directory-log.ts'
import { asWritten, Hub } from './lib/cluster/hub.ts'
import { MemoryLog } from './lib/cluster/memory-log.ts'
import { FindingsCodec, FINDINGS_FORMAT } from './lib/feed/findings-codec.ts'
import type { Log } from './lib/log.ts'
import { costFamilies } from './lib/metrics/process.ts'
import { backOffMs } from './lib/notify/back-off.ts'
import { Crew } from './lib/workers/crew.ts'
import { relayLines } from './lib/workers/line-relay.ts'
import { NOBODY } from './lib/workers/report.ts'
import type { LogOutput } from './log-output.ts'
import { costReadings } from './process-readings.ts'
import { FLUSH_TIMEOUT_MS, onInterrupt, orFailDirectory, shutdownMs, tellSecondSignal } from './startup.ts'

/** One that has lived for so long had no trouble to begin with: it is replaced at once. */
const STABLE_MS = 10_000
/** Beyond what its workers may take to end. */
const LAST_SLACK_MS = 2_000

/** Starts as many workers as are set, replaces those that end, and holds the log for them where there is no other engine. */
export async function runWorkers (config: Config, output: LogOutput): Promise<void> {
  const { logger: log } = output
  const group = newInstanceName()
  let tellFault: (message: string | null) => void = () => {}
  const hub = config.CLUSTER_URL === undefined ? await openHub(config, log, group, (message) => tellFault(message)) : null
  const own = () => ({ ...NOBODY, families: costFamilies(costReadings(output.dropped())) })
  const crew = new Crew({ size: config.WORKERS, group, hub, clock: systemClock, log, own })
  tellFault = (message) => crew.fault(message)
  // What is simulated goes on when another one leads.
  const seed = config.DEMO_SEED ?? randomBytes(4).readUInt32BE()
  const workers = new Workers(config.WORKERS, { DEMO_SEED: String(seed) }, crew, output)

  let isClosing = false
  const delay = shutdownMs(config) + LAST_SLACK_MS
  const onSecondSignal = (signal: string) => tellSecondSignal(log, signal)
  const grace = closeWithGrace({ delay, logger: log, skip: ['SIGINT'], onSecondSignal }, async ({ signal = 'SIGINT', err }) => {
    isClosing = true
    if (err) log.fatal({ event: 'shutdown', err }, 'shutting down because of an error')
    else log.info({ event: 'shutdown', signal, workers: workers.count }, 'shutting down')
    hub?.drain()
    crew.drain(signal)
    const isClean = await workers.end()
    await hub?.close()
    log.info({ event: 'closed' }, 'closed')
    await output.flush(FLUSH_TIMEOUT_MS)
    if (!isClean) process.exit(1)
  })
  onInterrupt(log, output, () => {
    if (isClosing) return false
    void grace.close()
    return true
  })
  // Whatever ends this process ends them; where it cannot know, node:cluster does.
  process.on('exit', () => workers.kill())

  const code = await workers.start()
  if (code === 0 || isClosing) return
  // It has said why itself.
  await hub?.close()
  await output.flush(FLUSH_TIMEOUT_MS)
  process.exit(code)
}

async function openHub (config: Config, log: Log, instance: string, onFault: (message: string | null) => void): Promise<Hub> {
  const { STATE_DIR: directory, UPDATE_LOG_COUNT: maxEntries, UPDATE_LOG_BYTES: maxBytes } = config
  const common = { clock: systemClock, maxBytes, format: FINDINGS_FORMAT }
  if (directory === undefined) {
    return await Hub.open({ ...common, log: new MemoryLog<Written, unknown>(randomUUID()), kind: 'memory' })
  }
  const kept = await orFailDirectory(DirectoryLog.open<Written, unknown>({
    directory,
    instance,
    codec: asWritten(FINDINGS_FORMAT, (written, position) => new FindingsCodec(() => undefined).read(written, position)),
    limits: { maxEntries, maxBytes },
    newEpoch: randomUUID,
    clock: systemClock,
    log,
    onFault
  }))
  return await Hub.open({ ...common, log: kept, kind: 'directory' })
}

/** The processes: as many as there are to be, by their numbers. */
class Workers {
  readonly #size: number
  readonly #env: NodeJS.ProcessEnv
  readonly #crew: Crew
  readonly #output: LogOutput
  readonly #running = new Map<number, Worker>()
  /** Of each number, how often in a row one did not live long. */
  readonly #failures = new Map<number, number>()
  /** All of them have been there: one that ends was not to. */
  #replaces = false
  #isEnding = false
  #isClean = true
  #whenNone: () => void = () => {}

  /** @param env what is set for all of them beside what is set for this process */
  constructor (size: number, env: NodeJS.ProcessEnv, crew: Crew, output: LogOutput) {
    this.#size = size
    this.#env = env
    this.#crew = crew
    this.#output = output
    // They take connections themselves: a primary that hands them out costs half of a connect again, and one core is its limit.
    cluster.schedulingPolicy = cluster.SCHED_NONE
    // Structured clones: texts of a megabyte are copied, not escaped and parsed.
    cluster.setupPrimary({
      exec: fileURLToPath(new URL('./worker.js', import.meta.url)),
      args: [],
      serialization: 'advanced',
      // A socket or a pipe would mix what several write to it, when it is full.
      stdio: ['ignore', 'pipe', 'inherit', 'ipc']
    })
  }

  get count (): number {
    return this.#running.size
  }

  /**
   * Begins with one: what stops it would stop each of them, and is said once.
   * @returns 0 when all of them run; else the code with which the first one ended before it did
   */
  async start (): Promise<number> {
    const first = this.#fork(1)
    const stop = new AbortController()
    const { signal } = stop
    const ended = once(first.process, 'close', { signal }).then(([code]) => Number(code ?? 1) || 1)
    ended.catch(() => {})
    const listening = once(first, 'listening', { signal }).then(() => 0)
    listening.catch(() => {})
    const code = await Promise.race([ended, listening])
    stop.abort()
    if (code !== 0 || this.#isEnding) return code
    for (let number = 2; number <= this.#size; number++) this.#fork(number)
    this.#replaces = true
    return 0
  }

  /** Resolves when all of them have ended, which they have been told to. @returns whether each did as it should */
  async end (): Promise<boolean> {
    this.#isEnding = true
    if (this.#running.size > 0) await new Promise<void>((resolve) => { this.#whenNone = resolve })
    return this.#isClean
  }

  kill (): void {
    for (const worker of this.#running.values()) worker.process.kill('SIGKILL')
  }

  #fork (number: number): Worker {
    const worker = cluster.fork({ ...this.#env, POPCAST_WORKER: String(number) })
    const startedAt = performance.now()
    this.#running.set(number, worker)
    this.#crew.join(number, {
      send: (message) => { worker.send(message as object, () => {}) },
      onMessage: (listener) => { worker.on('message', listener) }
    })
    // What cannot be sent is told by its end.
    worker.on('error', () => {})
    // By then its last line is here.
    worker.process.once('close', (code, signal) => this.#ended(number, worker, code, signal, performance.now() - startedAt))
    // Where there is no file left for a process there is none either, whatever its type says.
    const stdout = worker.process.stdout as Readable | null | undefined
    if (stdout) relayLines(stdout, (lines) => this.#output.relay(lines))
    this.#output.logger.info({ event: 'worker_started', worker: number, workerPid: worker.process.pid }, 'a worker was started')
    return worker
  }

  #ended (number: number, worker: Worker, code: number | null, signal: string | null, livedMs: number): void {
    this.#running.delete(number)
    this.#crew.leave(number)
    const ended = { code, signal, livedMs: Math.round(livedMs) }
    const fields = { event: 'worker_ended', worker: number, workerPid: worker.process.pid, ...ended }
    if (this.#isEnding) {
      this.#isClean &&= code === 0
      this.#output.logger.info(fields, 'a worker has ended')
      if (this.#running.size === 0) this.#whenNone()
    } else if (this.#replaces) {
      const failures = livedMs >= STABLE_MS ? 0 : (this.#failures.get(number) ?? 0) + 1
      this.#failures.set(number, failures)
      const restartInMs = failures === 0 ? 0 : Math.round(backOffMs(failures, Math.random()))
      this.#output.logger.warn({ ...fields, restartInMs }, 'a worker has ended, and is replaced')
      this.#replace(number, restartInMs)
    }
  }

  #replace (number: number, afterMs: number): void {
    setTimeout(() => { if (!this.#isEnding) this.#fork(number) }, afterMs)
  }
}
