import t, { type Test } from 'tap'
import { TestClient } from '../support/client.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { selfSigned } from '../support/nginx.ts'
import { noRedis, Redis, Way } from '../support/redis.ts'
import { portOf, startService } from '../support/service.ts'

const skip = noRedis() ?? false
const ENV = { BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: '900', DRAIN_TIMEOUT_MS: '500', LOG_LEVEL: 'trace' }
const PASSWORD = 'p@ss/w:rd'
/** The least that it takes, as docs/scale.md says. */
const COMMANDS = ['-@all', '+@connection', '+@scripting', '+@read', '+@write', '+time']
const RIGHTS = ['on', `>${PASSWORD}`, '~{popcast:*', ...COMMANDS]
const urlOf = (port: number, password = PASSWORD, scheme = 'redis') =>
  `${scheme}://feed:${encodeURIComponent(password)}@127.0.0.1:${port}`

async function instance (t: Test, url: string, env: Record<string, string> = {}) {
  const service = startService(t, { ...ENV, ...env, CLUSTER_URL: url })
  const port = await portOf(service)
  const status = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status
  return { service, port, isReady: async () => await status('/health/ready') === 200 }
}

t.test('TLS, with a user who may do no more than it takes', { skip }, async (t) => {
  const tlsPort = await freePort()
  let authority = ''
  const redis = await Redis.start(t, {
    settings (folder) {
      const { key, certificate } = selfSigned(folder)
      authority = certificate
      const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate]
      return ['--tls-port', String(tlsPort), '--tls-auth-clients', 'no', ...files]
    }
  })
  await redis.commands(t)('ACL', 'SETUSER', 'feed', ...RIGHTS)
  const url = urlOf(tlsPort, PASSWORD, 'rediss')
  const [a, b] = await Promise.all([1, 2].map(() => instance(t, url, { NODE_EXTRA_CA_CERTS: authority }))) as [Instance, Instance]
  await eventually(async () => await a.isReady() && await b.isReady())
  const clients = await Promise.all([a, b].map(({ port }) => TestClient.open(`ws://127.0.0.1:${port}/ws`)))
  const told = await Promise.all(clients.map(async (client) => {
    await client.next('metrics_update')
    return await client.next('metrics_update')
  }))
  t.equal(told[0]?.epoch, told[1]?.epoch)
  for (const client of clients) client.socket.terminate()
  for (const { service } of [a, b]) {
    t.notOk(service.lines.some(({ event }) => event === 'engine_away'), 'nothing was refused')
    t.notMatch(JSON.stringify(service.lines), /p(@|%40)ss/, 'nobody is told the password')
  }

  const stranger = await instance(t, url)
  t.match(await stranger.service.logged(({ event }) => event === 'engine_away'), { detail: /self.signed certificate/ })
  t.equal(await stranger.isReady(), false)
})

t.test('a password that is refused is said, and tried again', { skip }, async (t) => {
  const redis = await Redis.start(t)
  const command = redis.commands(t)
  await command('ACL', 'SETUSER', 'feed', ...RIGHTS)
  const one = await instance(t, urlOf(redis.port, 'another'))
  t.match(await one.service.logged(({ event }) => event === 'engine_away'), { detail: /WRONGPASS/ })
  t.equal(await one.isReady(), false)
  await command('ACL', 'SETUSER', 'feed', '>another')
  await one.service.logged(({ event }) => event === 'leads')
  await eventually(one.isReady)
  t.notOk(one.service.lines.some(({ event }) => event === 'task_failed'))
})

t.test('an engine that has become a replica is left for the one that its name leads to', { skip }, async (t) => {
  const [first, second] = [await Redis.start(t), await Redis.start(t)]
  const way = await Way.to(t, first)
  const one = await instance(t, way.url)
  await eventually(one.isReady)
  const client = await TestClient.open(`ws://127.0.0.1:${one.port}/ws`)
  const { epoch } = await client.next('metrics_update')
  const [toFirst, toSecond] = [first.commands(t), second.commands(t)]
  await toSecond('REPLICAOF', '127.0.0.1', String(first.port))
  await eventually(async () => /master_link_status:up/.test(String(await toSecond('INFO', 'replication'))))
  // It is demoted, and stays there for all who are connected to it.
  await toSecond('REPLICAOF', 'NO', 'ONE')
  await toFirst('REPLICAOF', '127.0.0.1', String(second.port))
  t.equal((await client.next('error')).code, 'FEED_UNAVAILABLE')
  t.match(await one.service.logged(({ event }) => event === 'engine_away'), { detail: /READONLY|master -> replica/ })
  way.lead(second)
  await one.service.logged(({ event }) => event === 'engine_back')
  t.equal((await client.next('metrics_update')).epoch, epoch, 'nothing was lost')
  client.socket.terminate()
})

type Instance = Awaited<ReturnType<typeof instance>>
