import type { Clock } from '../clock.ts'
import type { Hub } from '../cluster/hub.ts'
import type { Log } from '../log.ts'
import { serveEngine } from './channel-engine.ts'
import { Channel, type Port } from './channel.ts'
import type { Membership } from './fellow.ts'
import { OccupancyBoard, type Counted } from './occupancy.ts'
import { addEnded, NOBODY, type Report } from './report.ts'

/** A worker that says nothing for so long is told of as it was last known. */
const REPORT_DEADLINE_MS = 500
const OCCUPANCY_DEADLINE_MS = 1_500

export interface CrewOptions {
  size: number
  group: string
  /** null: the workers have another engine. */
  hub: Hub | null
  clock: Clock
  log: Log
  /** What this process itself has to say. */
  own: () => Report
}

interface Member {
  channel: Channel
  last: Report | null
}

/** The workers of a service, as the process sees them that started them: it tells each of the others. */
export class Crew {
  readonly #options: CrewOptions
  readonly #startedAt: number
  readonly #members = new Map<number, Member>()
  readonly #board = new OccupancyBoard()
  #ended: Report = NOBODY
  #fault: string | null = null

  constructor (options: CrewOptions) {
    this.#options = options
    this.#startedAt = options.clock.monotonic()
  }

  /** One has begun. */
  join (number: number, port: Port): void {
    const { hub, clock, log } = this.#options
    const channel = new Channel({ port, clock, log })
    const member: Member = { channel, last: null }
    this.#members.set(number, member)
    channel.on('hello', () => this.#membership(number))
    channel.on('totals', (report: Report) => take(member, report))
    channel.on('gather', ({ own, connections }: { own: Report, connections: number }) => {
      take(member, own)
      return this.#gather(number, connections)
    })
    channel.on('occupancy', (counted: Counted) => this.#board.take(number, counted))
    this.#board.join(number, (counted) => channel.ask('elsewhere', counted, OCCUPANCY_DEADLINE_MS))
    if (hub !== null) serveEngine(channel, hub)
  }

  /** One has ended, in whatever way. */
  leave (number: number): void {
    const { hub, group } = this.#options
    const last = this.#members.get(number)?.last ?? null
    this.#members.delete(number)
    this.#board.leave(number)
    hub?.gone(`${group}-${number}`)
    if (last !== null) this.#ended = addEnded(this.#ended, last)
  }

  /** All of them are to end. */
  drain (signal: string): void {
    for (const { channel } of this.#members.values()) channel.tell('drain', { signal })
  }

  /** The stream cannot be kept; null: it can (again). */
  fault (message: string | null): void {
    this.#fault = message
    for (const { channel } of this.#members.values()) channel.tell('fault', message)
  }

  #membership (number: number): Membership {
    const { size, group, hub, clock } = this.#options
    const runningMs = clock.monotonic() - this.#startedAt
    return { number, of: size, group, engine: hub?.kind ?? null, runningMs, fault: this.#fault }
  }

  async #gather (asker: number, connections: number): Promise<Report[]> {
    const others = Array.from(this.#members).filter(([number]) => number !== asker)
    await Promise.all(others.map(async ([, member]) => {
      try {
        take(member, await member.channel.ask<Report>('report', connections, REPORT_DEADLINE_MS))
      } catch {}
    }))
    // Those that have ended meanwhile are among those that have.
    const reports = others.flatMap(([number, member]) =>
      this.#members.get(number) === member && member.last !== null ? [member.last] : [])
    return [this.#options.own(), this.#ended, ...reports]
  }
}

/** What it told since may be here already. */
function take (member: Member, report: Report): void {
  if (member.last === null || report.number > member.last.number) member.last = report
}
