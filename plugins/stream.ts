import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import { repeat, type Cancel, type Clock } from '../lib/clock.ts'
import { DirectoryLog } from '../lib/cluster/directory-log.ts'
import { newInstanceName } from '../instance-name.ts'
import { MemoryLog } from '../lib/cluster/memory-log.ts'
import type { SharedLog } from '../lib/cluster/shared-log.ts'
import { Demand } from '../lib/feed/demand.ts'
import { FindingsCodec } from '../lib/feed/findings-codec.ts'
import type { Findings } from '../lib/feed/tick.ts'
import type { Note } from '../lib/feed/update-log.ts'
import { hasReceivers } from '../lib/notify/settings.ts'
import { version } from '../version.ts'

declare module 'fastify' {
  interface FastifyInstance {
    stream: SharedLog<Findings, Note>
    demand: Demand
    /** What others are told of this process. */
    instanceStatus (): InstanceStatus
    /**
     * Whether of the workers of this service this one does what is to be done once for all of them: who leads, where that is one
     * of them for certain.
     */
    speaksForService (): boolean
  }
}

export interface InstanceStatus {
  version: string
  connections: number
  seq: number
  lagMs: number
}

export interface StreamOptions {
  config: Config
  clock: Clock
}

type Stream = SharedLog<Findings, Note>

/** Decorates `stream`, into which goes what was found out and from which it is read back, and `demand`: who wants it. */
export default fp<StreamOptions>(async (app, { config, clock }) => {
  // Who is to be woken at night has nobody looking.
  const poll = hasReceivers(config) ? 'always' : config.POLL
  const demand = new Demand({
    poll,
    intervalMs: config.BROADCAST_INTERVAL_MS,
    clock,
    clients: () => app.connections.size,
    isWantedElsewhere: () => app.stream.isWantedElsewhere
  })
  app.decorate('demand', demand)
  app.decorate('instanceStatus', () => {
    const lagMs = Math.round(app.stream.status.lagMs)
    return { version, connections: app.connections.size, seq: app.updates.seq, lagMs }
  })
  app.decorate('stream', await openStream(app, config, clock))
  app.decorate('speaksForService', () =>
    app.fellow === null || config.CLUSTER_URL !== undefined || app.stream.status.role === 'leader')
  // Also where the start fails before anything was read.
  app.addHook('onClose', () => app.stream.close())
}, { name: 'stream', dependencies: ['connections', 'updates'] })

async function openStream (app: FastifyInstance, config: Config, clock: Clock): Promise<Stream> {
  const { updates, log } = app
  const { STATE_DIR: directory, CLUSTER_URL: url, CLUSTER_NAME: name, BROADCAST_INTERVAL_MS: intervalMs } = config
  const limits = { maxEntries: config.UPDATE_LOG_COUNT, maxBytes: config.UPDATE_LOG_BYTES }
  const codec = new FindingsCodec((id) => updates.toldIn(id))
  const instance = app.fellow?.instance ?? newInstanceName()
  const tell = teller(app)
  const common = { instance, codec, newEpoch: randomUUID, clock, log }
  const leased = {
    ...common,
    intervalMs,
    maxEntries: limits.maxEntries,
    about: () => app.instanceStatus(),
    wantsData: () => app.demand.isWantedHere,
    onDemand: () => app.poller.wake(),
    onAway: awayOf(tell, clock, intervalMs)
  }
  const onFault = (message: string | null) => app.troubles.set('state_not_kept', message)
  const engine = url === undefined ? app.fellow?.openEngine() ?? null : null
  if (url !== undefined || engine !== null) watchSilence(app, tell, clock, intervalMs)
  if (url !== undefined) {
    // Nobody else needs any of it.
    const { RedisLog } = await import('../lib/cluster/redis/redis-log.ts')
    return new RedisLog<Findings, Note>({ ...leased, url, name })
  }
  if (engine !== null) {
    const { LeasedLog } = await import('../lib/cluster/leased-log.ts')
    app.fellow?.onFault(onFault)
    return new LeasedLog<Findings, Note>({ ...leased, engine })
  }
  if (directory === undefined) return new MemoryLog<Findings, Note>(randomUUID(), instance)
  return await DirectoryLog.open<Findings, Note>({ ...common, directory, limits, onFault })
}

/** @param since when, ms since the epoch; null: it is not so any more */
type Tell = (since: number | null) => void

/** Tells clients that nothing new can be told, for whatever reason the longest, or can again. */
function teller ({ updates, log }: FastifyInstance): Tell {
  let earliest: number | null = null
  const over = ({ isOwn }: { isOwn?: true }) => { if (isOwn === undefined) earliest = null }
  updates.follow(over, over)
  return (at) => {
    const since = at === null ? null : Math.min(earliest ?? at, at)
    earliest = since
    updates.turnAway(since === null ? null : { code: 'FEED_UNAVAILABLE', since }).catch((err: unknown) => {
      log.error({ event: 'task_failed', task: 'feed_unavailable', err }, 'telling that nothing can be told threw')
    })
  }
}

/** Tells it when the log is away, and again each interval, as with a source that fails. */
function awayOf (tell: Tell, clock: Clock, intervalMs: number): (reason: string | null) => void {
  let cancel: Cancel = () => {}
  return (reason) => {
    cancel()
    const since = reason === null ? null : clock.now()
    cancel = since === null ? () => {} : repeat(clock, intervalMs, () => tell(since), () => {})
    tell(since)
  }
}

/** The same while the log is there, and nobody makes an update: who leads does not, or nobody can lead. */
function watchSilence (app: FastifyInstance, tell: Tell, clock: Clock, intervalMs: number): void {
  let isSilent = false
  const cancel = repeat(clock, intervalMs, () => {
    const wasSilent = isSilent
    const { isOverdue, silentMs } = app.view
    isSilent = isOverdue && app.stream.status.away === null
    if (!isSilent) return
    if (!wasSilent) app.log.warn({ event: 'feed_overdue' }, 'nobody makes what is new: what is known is told as stale')
    tell(clock.now() - silentMs)
  }, () => {})
  app.addHook('onClose', async () => cancel())
}
