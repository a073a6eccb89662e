import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import {
  AddressLimitError, ClientGoneError, NotSyncedError, OverCapacityError, RETRY_AFTER_SECONDS, ShuttingDownError, UpgradeRateError
} from '../http-errors.ts'
import { within, type Clock } from '../lib/clock.ts'
import { AddressLimit } from '../lib/clients/address-limit.ts'
import type { ConversationContext } from '../lib/clients/conversation.ts'
import { RateLimit } from '../lib/clients/rate-limit.ts'
import type { Wishes } from '../lib/protocol/connect-query.ts'
import { version } from '../version.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What it asks for in its URL, of a client that is about to be let in; read once. */
    wishes: Wishes | null
  }
  interface FastifyInstance {
    /** What all sessions share, whatever they are transported by. */
    sessionContext: ConversationContext
    /**
     * Lets one more client in, while there still is a status to refuse it with. @throws naming why not
     * @returns to be told the socket whose end frees the place
     */
    admit (reply: FastifyReply): (socket: Socket) => void
    /** A client gave this position: resolves when this instance is not behind it, or cannot know better; null: it is not. */
    reach (position: Wishes['position']): Promise<void> | null
  }
}

export interface SessionsOptions {
  config: Config
  clock: Clock
}

/** Who comes from an instance that has read more is waited for so long. */
const REACH_MS = 1_000

/** Decorates `sessionContext` and `admit`: what is the same for every client, however it is connected. */
export default fp<SessionsOptions>(async (app, { config, clock }) => {
  // In a storm all workers are busy: each lets in its share.
  const rate = new RateLimit(Math.ceil(config.UPGRADE_RATE_LIMIT / (app.fellow?.membership.of ?? 1)), clock)
  const addresses = new AddressLimit(config.MAX_CONNECTIONS_PER_ADDRESS, app.fellow?.occupancy)
  const refusal = (isUpgrade: boolean, address: string, isKnown: boolean): Error | null => {
    if (app.lifecycle.isClosing) return new ShuttingDownError()
    // There is no position to tell yet.
    if (!app.stream.status.isSynced) return new NotSyncedError()
    // The sockets that are still being upgraded count as well, this one perhaps among them. Those who have not said who they
    // are keep nobody out who has.
    const coming = app.pendingUpgrades.size + (isUpgrade ? 0 : 1)
    if (!app.connections.hasRoomFor(coming + (isKnown ? 0 : app.doorway.size))) return new OverCapacityError()
    if (!isKnown && app.doorway.isFull) return new OverCapacityError()
    if (!addresses.hasRoomFor(address)) return new AddressLimitError()
    return rate.take() ? null : new UpgradeRateError()
  }
  app.decorateRequest('wishes', null)
  app.decorate('admit', (reply) => {
    const { ws, grant, raw: { socket } } = reply.request
    // Its token may have taken time to look at; nothing tells of an end that has been.
    if (socket.destroyed) throw new ClientGoneError()
    const { ip } = reply.request
    const error = refusal(ws, ip, grant !== null)
    if (error === null) return (socket) => { if (addresses.isOn) socket.once('close', addresses.take(ip)) }
    reply.header('retry-after', RETRY_AFTER_SECONDS)
    throw error
  })
  app.decorate('reach', (position) => {
    // By itself an instance is never behind.
    if ((config.CLUSTER_URL === undefined && app.fellow === null) || position === null || position === 'invalid') return null
    const { epoch, seq } = app.updates
    return position.epoch === epoch && position.seq <= seq ? null : within(clock, REACH_MS, app.stream.catchUp())
  })
  app.decorate('sessionContext', {
    connections: app.connections,
    view: app.view,
    updates: app.updates,
    filters: app.popsFilters,
    clock,
    log: app.log,
    source: app.metricsSource.kind,
    intervalMs: config.BROADCAST_INTERVAL_MS,
    heartbeatMs: config.PING_INTERVAL_MS,
    healthyBelowMs: config.HEALTHY_BELOW_MS,
    overviewWindowMs: config.OVERVIEW_WINDOW_MS,
    version,
    instance: app.stream.status.instance,
    maxMessageBytes: config.MAX_MESSAGE_BYTES,
    verify: (token) => app.verifyToken(token),
    reach: (position) => app.reach(position),
    onConnect: () => app.wake()
  })
}, { name: 'sessions', dependencies: ['connections', 'metrics-source', 'updates', 'poller', 'popcast-websocket', 'auth'] })
