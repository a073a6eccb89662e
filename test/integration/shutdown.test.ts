import { once } from 'node:events'
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net'
import t from 'tap'
import { TestClient } from '../support/client.ts'
import { closed } from '../support/closed.ts'
import { rawHandshake } from '../support/raw-client.ts'
import { portOf, startService } from '../support/service.ts'

t.test('SIGTERM with 100 clients of which one never answers: all told, the polite ones closed 1001, exit 0', async (t) => {
  const service = startService(t, { DRAIN_TIMEOUT_MS: '1000' })
  const port = await portOf(service)
  const clients = await Promise.all(Array.from({ length: 99 }, () => TestClient.open(`ws://127.0.0.1:${port}/ws`)))
  const silent = await rawHandshake(port)
  await Promise.all(clients.map((client) => client.next('metrics_update')))

  service.child.kill('SIGTERM')
  const shutdowns = await Promise.all(clients.map((client) => client.next('server_shutdown')))
  const closes = await Promise.all(clients.map(({ closed }) => closed))
  t.equal(await silent.closeCode(), 1001, 'the silent one is told as well')
  t.strictSame(await service.exit, { code: 0, signal: null })

  t.ok(closes.every(({ code }) => code === 1001))
  t.ok(new Set(shutdowns.map(({ retryAfterMs }) => retryAfterMs)).size > 50, 'they are not all told to come back at once')
  t.match(shutdowns[0], { reconnect: true, closeCode: 1001 })
  const events = service.lines
    .map(({ event }) => event)
    .filter(
      (event) =>
        event !== undefined &&
        !['connect', 'disconnect', 'source', 'socket_error', 'data_fresh', 'regression_opened'].includes(event)
    )
  t.strictSame(events, ['shutdown', 'poller_stopped', 'drain_started', 'drain_timeout', 'drain_finished', 'closed'])
  t.equal(service.lines.filter(({ event }) => event === 'disconnect').length, 100)
  t.equal(service.lines.find(({ event }) => event === 'drain_timeout')?.stragglers, 1)
  t.equal(service.stderr(), '')
})

t.test('readiness turns 503 at once, and the port stays open for DRAIN_DELAY_MS', async (t) => {
  const service = startService(t, { DRAIN_DELAY_MS: '60000' })
  const port = await portOf(service)
  service.child.kill('SIGTERM')
  await service.logged(({ event }) => event === 'shutdown')
  const ready = await fetch(`http://127.0.0.1:${port}/health/ready`)
  t.equal(ready.status, 503)
  t.equal((await fetch(`http://127.0.0.1:${port}/health/live`)).status, 200)
  const client = await TestClient.open(`ws://127.0.0.1:${port}/ws`)
  await client.next('welcome')

  service.child.kill('SIGTERM')
  t.strictSame(await service.exit, { code: 1, signal: null }, 'a second signal does not wait')
})

t.test('SIGTERM with upgrades under way: nobody is waited for, exit 0', async (t) => {
  const service = startService(t)
  const port = await portOf(service)
  const head = 'GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: '
  const sockets = [`${head}websocket\r\n`, `${head}h2c\r\n`, 'G', ''].map((part) => {
    const socket: Socket = connectTcp(port, '127.0.0.1', () => socket.write(part))
    return socket.on('error', () => {}).resume()
  })
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  // Taken after those, so they have been accepted.
  await (await TestClient.open(`ws://127.0.0.1:${port}/ws`)).next('welcome')
  const ends = sockets.map((socket) => closed(socket))
  service.child.kill('SIGTERM')
  t.strictSame(await service.exit, { code: 0, signal: null })
  await Promise.all(ends)
})

t.test('an uncaught error is logged, clients are told, exit 1', async (t) => {
  const throwLater = "data:text/javascript,process.once('SIGWINCH', () => { throw new Error('out of the blue') })"
  const service = startService(t, {}, ['--import', throwLater])
  const port = await portOf(service)
  const client = await TestClient.open(`ws://127.0.0.1:${port}/ws`)
  await client.next('welcome')
  service.child.kill('SIGWINCH')
  await client.next('server_shutdown')
  t.equal((await client.closed).code, 1001)
  t.strictSame(await service.exit, { code: 1, signal: null })
  const line = service.lines.find(({ event }) => event === 'shutdown')
  t.match(line, { level: 60, err: { message: 'out of the blue' } })
})

t.test('a start that cannot work says why and exits 1, without a stack trace', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const cases = [
    {
      name: 'two wrong settings',
      env: { BROADCAST_INTERVAL_MS: 'soon', PORT: '99999' },
      stderr:
        'popcast cannot start:\n' +
        'PORT: "99999" must be <= 65535; accepted: a TCP port (0 picks a free one), a whole number from 0 to 65535\n' +
        'BROADCAST_INTERVAL_MS: "soon" must be integer; accepted: milliseconds, a whole number from 100 to 86400000\n'
    },
    {
      name: 'a URL that holds a password',
      env: { INFLUXDB_URL: 'http://admin:hunter2@127.0.0.1:8086', INFLUXDB_BUCKET: 'b', INFLUXDB_ORG: 'o' },
      stderr:
        'popcast cannot start:\nINFLUXDB_URL: holds a user name or password, which belong into INFLUXDB_TOKEN; ' +
        'accepted: an http:// or https:// URL without user name and password, e.g. http://127.0.0.1:8086\n'
    },
    {
      name: 'a port that is taken',
      env: { PORT: String(port) },
      stderr: `popcast cannot start:\nHOST, PORT: cannot listen on 127.0.0.1:${port}: ` +
        `listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`
    }
  ]
  for (const { name, env, stderr } of cases) {
    t.test(name, async (t) => {
      const service = startService(t, env)
      t.strictSame(await service.exit, { code: 1, signal: null })
      t.equal(service.stderr(), stderr)
    })
  }
})
