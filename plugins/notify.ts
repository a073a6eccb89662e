import { createHash, randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import type { Clock } from '../lib/clock.ts'
import { Counts } from '../lib/counts.ts'
import { notificationFamilies, type CountedReceiver } from '../lib/metrics/notifications.ts'
import { AlertMaker } from '../lib/notify/alert.ts'
import { AlertmanagerReceiver } from '../lib/notify/alertmanager.ts'
import { Delivery } from '../lib/notify/delivery.ts'
import { endpointOf, post } from '../lib/notify/endpoint.ts'
import { Pager } from '../lib/notify/pager.ts'
import { deliveryOutcomes, type Change } from '../lib/notify/receiver.ts'
import { listed, readSecret } from '../lib/notify/settings.ts'
import { WebhookReceiver } from '../lib/notify/webhook.ts'

export interface NotifyOptions {
  config: Config
  clock: Clock
  random: () => number
}

/** Tells Alertmanagers and a webhook of regressions, and of a feed that is stale. Registered only where one of them is set. */
export default fp<NotifyOptions>(async (app, { config, clock, random }) => {
  const receivers = [...receiversOf(app, config, clock, random)]
  const pager = new Pager({
    updates: app.updates,
    view: app.view,
    receivers: receivers.map(({ receiver }) => receiver),
    alerts: new AlertMaker(publicUrlOf(config)),
    source: app.metricsSource.kind,
    intervalMs: config.BROADCAST_INTERVAL_MS,
    isPolling: () => !app.poller.stopped,
    isLeading: () => app.stream.status.role === 'leader',
    clock,
    log: app.log
  })
  app.metrics.add(() => notificationFamilies(pager, receivers))
  pager.start()
  app.addHook('onClose', () => pager.stop())
}, { name: 'notify', dependencies: ['updates', 'stream', 'poller', 'metrics', 'metrics-source'] })

function * receiversOf (app: FastifyInstance, config: Config, clock: Clock, random: () => number): Iterable<CountedReceiver> {
  const { log } = app
  const { ALERTMANAGER_URL, WEBHOOK_URL, WEBHOOK_SECRET_FILE } = config
  if (ALERTMANAGER_URL !== undefined) {
    const counts = new Counts(deliveryOutcomes)
    const endpoints = listed(ALERTMANAGER_URL).map((url) => endpointOf(url, '/api/v2/alerts'))
    const deliveries = endpoints.map((endpoint) =>
      new Delivery({ receiver: 'alertmanager', endpoint, post, random, counts, clock, log }))
    log.info({ event: 'notify', receiver: 'alertmanager', hosts: endpoints.map(({ host }) => host) }, 'alerts go to Alertmanager')
    // Of the workers of one service one tells it; of instances each, as Alertmanagers expect.
    const isTelling = () => app.speaksForService()
    yield { receiver: new AlertmanagerReceiver({ deliveries, isTelling, clock }), counts }
  }
  if (WEBHOOK_URL !== undefined && WEBHOOK_SECRET_FILE !== undefined) {
    const counts = new Counts(deliveryOutcomes)
    const endpoint = endpointOf(WEBHOOK_URL)
    const delivery = new Delivery({ receiver: 'webhook', endpoint, post, random, counts, clock, log })
    const key = readSecret(WEBHOOK_SECRET_FILE)
    log.info({ event: 'notify', receiver: 'webhook', hosts: [endpoint.host] }, 'alerts go to a webhook')
    yield { receiver: new WebhookReceiver({ delivery, counts, key, idOf, clock, log }), counts }
  }
}

/**
 * What is told of a regression is the same whoever tells it, so its id may be made of it: who hears it again, from another
 * instance or after a restart, knows it.
 */
function idOf ({ state, alert: { regression } }: Change): string {
  if (regression === null) return `msg_${randomUUID()}`
  return `msg_${createHash('sha256').update(JSON.stringify([state, regression])).digest('hex').slice(0, 32)}`
}

/** As Prometheus guesses it. */
function publicUrlOf ({ PUBLIC_URL, PORT }: Config): string | null {
  return PUBLIC_URL ?? (PORT === 0 ? null : `http://${hostname()}:${PORT}`)
}
