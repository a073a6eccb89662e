import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../lib/clock.ts'
import { connectionStatus } from '../lib/clients/connection-status.ts'
import { inTurns } from '../lib/clients/slice.ts'
import { summed } from '../lib/metrics/sum.ts'
import { Turns } from '../lib/turns.ts'
import { ChannelError } from '../lib/workers/channel.ts'
import { statesOf, withoutConnections, type Report, type WorkerState } from '../lib/workers/report.ts'
import { WorkersUnavailableError } from '../http-errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * What all workers of this service have to say, each with so many of its connections. The first is this one, and what it
     * told the others: to read its counters again would tell of more than is known should it die.
     * @throws {WorkersUnavailableError} while the others cannot be asked
     */
    gather (connections?: number): Promise<[own: Report, ...others: Report[]]>
    /** Of the others; none while they cannot be asked. */
    otherWorkers (): Promise<WorkerState[]>
  }
}

type Gathered = ReturnType<FastifyInstance['gather']>

export interface WorkersOptions {
  clock: Clock
}

/** Decorates `gather`, so that whichever worker is asked answers for all of them. */
export default fp<WorkersOptions>(async (app, { clock }) => {
  const { fellow } = app
  const report = (limit: number) => reportOf(app, limit, clock)
  app.decorate('otherWorkers', async () => {
    try {
      const [, ...others] = await app.gather()
      return statesOf(others)
    } catch (error) {
      if (error instanceof WorkersUnavailableError) return []
      throw error
    }
  })
  if (fellow === null) {
    app.decorate('gather', async (connections = 0) => [await report(connections)])
    return
  }
  const gather = async (connections: number): Gathered => {
    const own = await report(connections)
    const others = await fellow.gather(withoutConnections(own), connections).catch((error: unknown) => {
      throw error instanceof ChannelError ? new WorkersUnavailableError() : error
    })
    return [own, ...others]
  }
  // However many ask at once, the others are asked once; those who list connections are few.
  const withoutList = new Turns().together(() => gather(0))
  app.decorate('gather', (connections = 0) => connections === 0 ? withoutList() : gather(connections))
  const end = fellow.reports(report)
  // By then every client has left.
  app.addHook('onClose', end)
}, { name: 'workers', dependencies: ['connections', 'stream', 'poller', 'metrics'] })

let reports = 0

async function reportOf (app: FastifyInstance, limit: number, clock: Clock): Promise<Report> {
  const { connections, stream, tickMaker, metrics, fellow } = app
  const told = limit === 0 ? [] : await inTurns(Array.from(connections).slice(0, limit), connectionStatus, clock)
  const { totals, durations, counts } = connections
  const tracked = Array.from(connections)
  return {
    number: ++reports,
    // By itself it has nobody to add them to.
    families: fellow === null ? [] : summed(metrics.read()),
    totals,
    durations,
    state: {
      instance: stream.status.instance,
      about: app.instanceStatus(),
      isLeader: stream.status.role === 'leader',
      tracked: tracked.length,
      open: tracked.filter(({ isOpen }) => isOpen).length,
      byKind: { websocket: counts.open('websocket'), sse: counts.open('sse') },
      connections: told,
      defects: tickMaker.defects
    }
  }
}
