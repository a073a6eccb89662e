import type { Clock } from '../clock.ts'
import { repeat } from '../clock.ts'
import type { Engine } from '../cluster/engine.ts'
import type { Log } from '../log.ts'
import { Outage } from '../outage.ts'
import { ChannelEngine } from './channel-engine.ts'
import type { Channel } from './channel.ts'
import { Occupancy, type Counted } from './occupancy.ts'
import type { Report } from './report.ts'

/** What a worker is told when it begins. Plain data. */
export interface Membership {
  /** From 1 on; one that takes the place of another has its number. */
  number: number
  /** How many there are. */
  of: number
  /** What the instances of this service begin with. */
  group: string
  /** Where the stream is that the primary holds; null: it holds none. */
  engine: 'memory' | 'directory' | null
  /** For how long there has been the service. */
  runningMs: number
  /** Why the stream cannot be kept; null: it can. */
  fault: string | null
}

export interface FellowOptions {
  channel: Channel
  membership: Membership
  clock: Clock
  log: Log
}

/** Whoever answers waits so long for what the others have to say. */
const GATHER_MS = 1_000
/** What a worker has counted is known of it, should it die, as it was so long ago at most. */
const REPORT_MS = 5_000

/** One of the workers of a service, as it sees the others. */
export class Fellow {
  readonly membership: Membership
  /** When the service was started, on the monotonic clock. */
  readonly startedAt: number
  /** Clients of all, for limits that hold over all. */
  readonly occupancy: Occupancy
  readonly #channel: Channel
  readonly #clock: Clock
  readonly #log: Log
  readonly #gathering = new Outage()

  constructor ({ channel, membership, clock, log }: FellowOptions) {
    this.membership = membership
    this.#channel = channel
    this.#clock = clock
    this.#log = log
    this.startedAt = clock.monotonic() - membership.runningMs
    this.occupancy = new Occupancy(clock, (changed) => channel.tell('occupancy', changed))
    channel.on('elsewhere', (counted: Counted) => this.occupancy.take(counted))
  }

  /** Of the log. */
  get instance (): string {
    return `${this.membership.group}-${this.membership.number}`
  }

  /** null: there is another one. */
  openEngine (): Engine | null {
    const { engine } = this.membership
    return engine === null ? null : new ChannelEngine(this.#channel, engine)
  }

  /** What the primary cannot do with the stream that it holds; null: it can. */
  onFault (tell: (message: string | null) => void): void {
    if (this.membership.fault !== null) tell(this.membership.fault)
    this.#channel.on('fault', tell)
  }

  /**
   * Tells what this worker has counted, when it is asked and now and then.
   * @param report with so many of its connections
   * @returns ends it, and tells it a last time
   */
  reports (report: (connections: number) => Promise<Report>): () => Promise<void> {
    this.#channel.on('report', report)
    const failed = (err: unknown) => this.#log.error({ event: 'task_failed', task: 'report', err }, 'a timed task threw')
    const tell = () => { report(0).then((told) => this.#channel.tell('totals', told)).catch(failed) }
    const stop = repeat(this.#clock, REPORT_MS, tell, failed)
    return async () => {
      stop()
      // Should the primary not be there, nobody asks any more either.
      await this.#channel.ask('totals', await report(0), GATHER_MS).catch(() => {})
    }
  }

  /**
   * What the others have to say, and what those had who have ended.
   * @param own what this one tells with it
   * @throws {ChannelError} when that cannot be asked now: to leave it out would make totals fall
   */
  async gather (own: Report, connections: number): Promise<Report[]> {
    try {
      const reports = await this.#channel.ask<Report[]>('gather', { own, connections }, GATHER_MS)
      const failures = this.#gathering.ended()
      if (failures > 0) this.#log.info({ event: 'gather_recovered', failures }, 'the other workers can be asked again')
      return reports
    } catch (error) {
      const told = this.#gathering.failed(this.#clock.monotonic())
      const fields = { event: 'gather_failed', detail: (error as Error).message }
      if (told !== null) this.#log.warn({ ...fields, ...told }, 'the other workers cannot be asked now')
      else this.#log.debug(fields, 'the other workers still cannot be asked')
      throw error
    }
  }
}
