import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { parse } from 'yaml'
import { settingsSchema } from '../../settings.ts'
import { TestClient } from '../support/client.ts'
import { Fleet } from '../support/fleet.ts'
import { proxyAsIn, skipWithoutNginx } from '../support/nginx.ts'
import { noRedis } from '../support/redis.ts'

const folder = fileURLToPath(new URL('../../../deploy/fleet/', import.meta.url))

interface Compose {
  services: Record<string, { environment?: Record<string, string>, command?: string[] }>
}

t.test('the compose file has three instances of one stream, and an engine that keeps it', async (t) => {
  const { services } = parse(readFileSync(join(folder, 'docker-compose.yml'), 'utf8'), { merge: true }) as Compose
  const instances = Object.entries(services)
    .filter(([name]) => name.startsWith('popcast'))
    .map(([, { environment = {} }]) => environment)
  t.equal(instances.length, 3)
  for (const environment of instances) {
    t.strictSame(environment, instances[0])
    t.match(environment, { CLUSTER_URL: 'redis://valkey:6379' })
    for (const name of Object.keys(environment)) t.ok(Object.hasOwn(settingsSchema.properties, name), name)
  }
  t.match(services.valkey?.command?.join(' '), '--appendonly yes --appendfsync always')
  const upstreams = readFileSync(join(folder, 'nginx.conf'), 'utf8').match(/server (popcast\d):3001/g) ?? []
  t.equal(upstreams.length, 3)
})

const skip = noRedis() ?? skipWithoutNginx

t.test('behind nginx as it is deployed clients resume on whichever instance they come to', { skip }, async (t) => {
  const fleet = await Fleet.start(t, { clients: 3 })
  const { instances } = fleet
  const upstreams = Object.fromEntries(instances.map(({ number, port }) => [`popcast${number + 1}:3001`, port]))
  const port = await proxyAsIn(t, join(folder, 'nginx.conf'), upstreams)
  const open = async (position = '') => {
    const client = await TestClient.open(`ws://127.0.0.1:${port}/ws?topics=metrics${position}`)
    t.teardown(() => client.socket.terminate())
    return client
  }
  const clients = await Promise.all(Array.from({ length: 12 }, () => open()))
  const welcomes = await Promise.all(clients.map((client) => client.next('welcome')))
  t.equal(new Set(welcomes.map(({ instance }) => instance)).size, 3, 'each has some')
  const positions = await Promise.all(clients.map(async (client) => {
    const { epoch, seq } = await client.next('metrics_update')
    return `&epoch=${epoch}&seq=${seq}`
  }))
  const [gone] = instances
  await gone!.end('SIGTERM')
  await fleet.updates(1)
  const again = await Promise.all(positions.map((position) => open(position)))
  const confirmed = await Promise.all(again.map((client) => client.next('subscription_confirmed')))
  t.ok(confirmed.every(({ recovered }) => recovered === true))
  const stream = await fetch(`http://127.0.0.1:${port}/api/stream`, { signal: AbortSignal.timeout(10_000) })
  const { value } = await stream.body!.pipeThrough(new TextDecoderStream()).getReader().read()
  t.match(value, /^event: welcome$/m, 'events come as they are made')
  await stream.body?.cancel().catch(() => {})
})
