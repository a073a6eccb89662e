import { readExposition, type Scrape } from '../test/support/exposition.ts'
import type { Line } from '../test/support/fake-log.ts'
import type { Service } from '../test/support/service.ts'
import type { SimulatedDatabase } from '../test/support/simulated-database.ts'
import { get } from './http.ts'
import { Observer } from './observer.ts'
import { clientSockets } from './process-files.ts'
import { expectSoon, expectWithin, HANG_MS } from './waiting.ts'

/** What a process holds: see test/support/probe.ts. */
export interface Held {
  bytes: number
  residentBytes: number
  timers: number
  /** The longest that it computed in one turn of its event loop since it was asked before, ms. */
  longestTurnMs: number
}

/** Two queries of ticks are closer than this share of an interval only when one of them is one too many. */
const DOUBLED = 0.5

export interface SubjectOptions {
  service: Service
  port: number
  database: SimulatedDatabase
  intervalMs: number
  headers: Record<string, string>
}

/** The service under a fault, a process of its own, with the clients that are to notice nothing but what is true. */
export class Subject {
  readonly service: Service
  readonly port: number
  readonly database: SimulatedDatabase
  readonly intervalMs: number
  /** Of every request of ours. */
  readonly headers: Record<string, string>
  readonly observers: Observer[] = []
  /** What anybody was told, by position. */
  readonly told = new Map<string, string>()
  /** Set by who ends it: why it is not to run any more. */
  isEnded = false

  constructor ({ service, port, database, intervalMs, headers }: SubjectOptions) {
    this.service = service
    this.port = port
    this.database = database
    this.intervalMs = intervalMs
    this.headers = headers
  }

  get pid (): number {
    return this.service.child.pid ?? 0
  }

  get url (): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Good clients, of which every fourth listens to the event stream; they have been told something when this resolves. */
  async observe (count: number): Promise<void> {
    const added = await Promise.all(Array.from({ length: count }, (_, index) =>
      index % 4 === 3 ? Observer.stream(this.told, this) : Observer.open(this.told, this)))
    this.observers.push(...added)
    await this.all('a first update', ({ last }) => last > 0)
  }

  /** Resolves when it is so for every observer. @throws with `what` when it is not in time */
  async all (what: string, isSo: (observer: Observer) => boolean, ms = HANG_MS): Promise<void> {
    await expectWithin(ms, `${what} for all observers`, Promise.all(this.observers.map((one) => one.until(() => isSo(one)))))
  }

  /** Resolves when everybody was told so many updates more. */
  updates (count: number): Promise<void> {
    const newest = Math.max(...this.observers.map(({ last }) => last))
    return this.all(`${count} updates more`, ({ last }) => last >= newest + count)
  }

  async scrape (): Promise<Scrape> {
    return readExposition((await get(`${this.url}/metrics`, this.headers)).body)
  }

  /** Sum over the series of a family that have at least these labels; 0 without any. */
  async counted (name: string, labels: Record<string, string> = {}): Promise<number> {
    const { series } = await this.scrape()
    return series
      .filter((one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value))
      .reduce((sum, { value }) => sum + value, 0)
  }

  lines (event: string): Line[] {
    return this.service.lines.filter((line) => line.event === event)
  }

  logged (event: string, where: (line: Line) => boolean = () => true): Promise<Line> {
    const wanted = this.service.logged((line) => line.event === event && where(line))
    return expectWithin(HANG_MS, `a line of ${event}`, wanted)
  }

  /** Status of a request. */
  async status (path: string, headers: Record<string, string> = {}): Promise<number> {
    return (await get(`${this.url}${path}`, headers)).status
  }

  get clientSockets (): number {
    return clientSockets(this.pid, this.port)
  }

  async held (): Promise<Held> {
    const before = this.service.lines.length
    this.service.child.kill('SIGWINCH')
    const isNew = (line: Line) => line.event === 'probe' && this.service.lines.indexOf(line) >= before
    const line = await expectWithin(HANG_MS, 'a probe', this.service.logged(isNew))
    return line as unknown as Held
  }

  /** Everything that is wrong with it after a fault: nothing may be, whichever it was. Ends it. */
  async judge (): Promise<string[]> {
    if (this.isEnded) return this.observers.flatMap(({ contradictions }) => contradictions)
    const { exitCode, signalCode } = this.service.child
    if (exitCode !== null || signalCode !== null) return [`it crashed (${exitCode ?? signalCode}): ${this.service.stderr()}`]
    const problems: string[] = []
    const look = (step: Promise<unknown>) => step.catch((error: Error) => { problems.push(error.message) })
    if (this.observers.length > 0) await look(this.updates(1))
    problems.push(...this.observers.flatMap(({ complaints }) => complaints), ...this.#doubled)
    await Promise.all(this.observers.map((observer) => look(observer.leave())))
    await look(expectSoon(HANG_MS, 'no socket of a client is left', () => this.clientSockets === 0))
    if (this.clientSockets > 0) problems.push(`${this.clientSockets} sockets are left`)
    this.service.child.kill('SIGTERM')
    await look(expectWithin(HANG_MS, 'its exit', this.service.exit).then(({ code, signal }) => {
      if (code !== 0) problems.push(`it exited with ${code ?? signal}`)
    }))
    if (this.service.stderr() !== '') problems.push(`it said on stderr: ${this.service.stderr().slice(0, 200)}`)
    return problems
  }

  get #doubled (): string[] {
    const asked = this.database.polls.filter(({ isTick }) => isTick).map(({ askedAt }) => askedAt)
    return doubledQueries(asked, this.intervalMs)
  }
}

/**
 * Queries of ticks that were asked too soon after the one before.
 * @param asked when each was, ms by the clock of who asked: on a busy machine they arrive later, and closer
 */
export function doubledQueries (asked: readonly number[], intervalMs: number): string[] {
  const gaps = asked.slice(1).map((at, index) => Math.abs(at - (asked[index] ?? 0))).filter((gap) => gap < DOUBLED * intervalMs)
  return gaps.map((gap) => `two queries ${Math.round(gap)} ms apart`)
}
