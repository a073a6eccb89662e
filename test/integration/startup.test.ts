import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import t from 'tap'
import { build } from '../support/app.ts'
import { eventually } from '../support/eventually.ts'
import { portOf, startProgram, startService } from '../support/service.ts'
import { rawHandshake } from '../support/raw-client.ts'

const TERMINAL = 'data:text/javascript,import tty from "node:tty"; import { syncBuiltinESMExports } from "node:module"; ' +
  'tty.isatty = () => true; syncBuiltinESMExports()'

t.test('on a terminal the log is for people', async (t) => {
  const service = startProgram(t, 'server.js', [], { PORT: '0', DEMO_SEED: '1' }, ['--import', TERMINAL])
  await service.output(/WARN.*DEMO: these metrics are SIMULATED/)
  await service.output(/Server listening at/)
  service.child.kill('SIGTERM')
  t.strictSame(await service.exit, { code: 0, signal: null })
})

t.test('the demo says loudly that it is one', async (t) => {
  const service = startService(t)
  t.match(await service.logged(({ event }) => event === 'source'), { level: 40, source: 'demo', seed: Number })
  const port = await portOf(service)
  t.match(await (await fetch(`http://127.0.0.1:${port}/health`)).json(), { services: { influxdb: { source: 'demo' } } })
})

t.test('one Ctrl-C that arrives twice is one', async (t) => {
  const service = startService(t)
  await portOf(service)
  service.child.kill('SIGINT')
  service.child.kill('SIGINT')
  t.strictSame(await service.exit, { code: 0, signal: null })
})

t.test('a second Ctrl-C does not wait', async (t) => {
  const service = startService(t, { DRAIN_DELAY_MS: '60000' })
  await portOf(service)
  const again = setInterval(() => service.child.kill('SIGINT'), 50)
  t.strictSame(await service.exit, { code: 1, signal: null })
  clearInterval(again)
  t.ok(service.lines.some(({ event }) => event === 'second_signal'))
})

for (const workers of ['1', '2']) {
  for (const [first, second] of [['SIGTERM', 'SIGINT'], ['SIGTERM', 'SIGTERM'], ['SIGINT', 'SIGTERM']] as const) {
    t.test(`whatever the first signal was, the second does not wait: ${first}, ${second}, ${workers}`, async (t) => {
      const service = startService(t, { DRAIN_DELAY_MS: '60000', WORKERS: workers })
      await portOf(service)
      service.child.kill(first)
      await service.logged(({ event, worker }) => event === 'shutdown' && worker === undefined)
      service.child.kill(second)
      t.strictSame(await service.exit, { code: 1, signal: null })
      t.match(service.lines.find(({ event }) => event === 'second_signal'), { signal: second, level: 50 })
    })
  }
}

t.test('the generator says what is wrong with its arguments and settings', async (t) => {
  const cases = [
    { name: 'no database', args: [], stderr: /^the generator cannot start:\nINFLUXDB_URL: is not set/ },
    { name: 'an unknown option', args: ['--pop', '3'], stderr: /^the generator cannot start:\n.*--pop/ },
    {
      name: 'a duration that is none',
      args: ['--backfill', 'yesterday'],
      stderr: /^the generator cannot start:\n--backfill: "yesterday"/
    }
  ]
  for (const { name, args, stderr } of cases) {
    t.test(name, async (t) => {
      const generator = startProgram(t, 'generator/main.js', args, {})
      t.strictSame(await generator.exit, { code: 1, signal: null })
      t.match(generator.stderr(), stderr)
      t.notMatch(generator.stderr(), /^ +at /m, 'no stack trace')
    })
  }
})

t.test('with few open files it starts, and says how many clients there may be', async (t) => {
  const launcher = ['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh']
  const service = startProgram(t, 'popcast.js', ['serve'], { HOST: '127.0.0.1', PORT: '0' }, [], launcher)
  const line = await service.logged(({ event }) => event === 'few_open_files')
  t.match(line, { level: 40, filesLimit: 64, maxConnections: 24, wanted: 10_000 })
  const port = await portOf(service)
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  t.match(metrics, /^popcast_connections_limit 24$/m)
  // Some files are left to the process itself, whoever comes.
  const sockets = Array.from({ length: 60 }, () => connect(port, '127.0.0.1').resume().on('error', () => {}))
  let closed = 0
  for (const socket of sockets) socket.once('close', () => { closed++ })
  await eventually(() => closed >= 60 - 33)
  t.ok(readdirSync(`/proc/${service.child.pid}/fd`).length < 64)
  for (const socket of sockets) socket.destroy()
  await eventually(async () => {
    const scraped = await fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.text(), () => '')
    return Number(/^popcast_connections_refused_total\{reason="open_files"\} (\d+)$/m.exec(scraped)?.[1]) >= 60 - 33
  })
  service.child.kill('SIGTERM')
  t.strictSame(await service.exit, { code: 0, signal: null })
})

t.test('with few open files workers start as well', async (t) => {
  const launcher = ['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh']
  const service = startProgram(t, 'popcast.js', ['serve'], { HOST: '127.0.0.1', PORT: '0', WORKERS: '2' }, [], launcher)
  for (const worker of [1, 2]) await service.logged((line) => line.event === 'few_open_files' && line.worker === worker)
  t.equal((await fetch(`http://127.0.0.1:${await portOf(service)}/health/live`)).status, 200)
  service.child.kill('SIGTERM')
  t.strictSame(await service.exit, { code: 0, signal: null })
})

t.test('the generator helps', async (t) => {
  const generator = startProgram(t, 'generator/main.js', ['--help'], {})
  await generator.output(/--backfill/)
  t.strictSame(await generator.exit, { code: 0, signal: null })
})

t.test('a connection that cannot be set up ends, and nothing else', async (t) => {
  const { app, port, connect, logged } = await build(t)
  const { connections } = app
  const { add } = connections
  connections.add = () => {
    connections.add = add
    throw new Error('injected')
  }
  const client = await rawHandshake(port)
  t.equal(await client.closeCode(), 1011)
  t.match(await logged('session_failed'), { err: { message: 'injected' } })
  await (await connect()).next('welcome')
})
