import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import t from 'tap'
import { alertMessage, alertOf, openAlerts, popsUpdate, sourceError, update } from '../support/feed-messages.ts'
import { feedServer, feedServerAt } from '../support/feed-server.ts'
import { portOf, startProgram, startService } from '../support/service.ts'
import { opened, popcast, pops, regressed, run, typesOf, well } from '../support/watched-feed.ts'
import { SETTINGS } from '../support/watching.ts'

t.test('a server that refuses for good', async (t) => {
  const server = await feedServer(t, ...well)
  const watch = startProgram(t, 'popcast.js', ['watch', `127.0.0.1:${server.port}`], {})
  await watch.output(/LIVE/)
  server.close(4501, 'too many')
  t.match(await watch.exit, { code: 3 })
  t.match(watch.stderr(), 'no data to rely on: STOPPED, too many invalid messages (4501)')
})

t.test('--json: every message as the server said it, and what becomes of the connection', async (t) => {
  const server = await feedServer(t, ...regressed)
  const watch = startProgram(t, 'popcast.js', ['watch', '--json', `127.0.0.1:${server.port}`], {})
  await watch.logged(({ state }) => state === 'live')
  const more = [alertMessage('a', 'resolved', { tickSeq: 2 }), { type: 'of_another_version', data: '\u009b' }]
  for (const message of more) server.send(message)
  await watch.logged(({ type }) => type === 'of_another_version')
  const said = watch.lines.filter(({ type }) => !String(type).startsWith('watch_'))
  t.strictSame(said.slice(2), [...regressed, ...more])
  for (const client of server.clients) client.terminate()
  t.match(await watch.logged(({ state }) => state === 'waiting'), {
    type: 'watch_connection', at: /Z$/, attempt: 2, retryAt: /Z$/, cause: { code: 'CLOSED' }
  })
  watch.child.kill('SIGINT')
  t.strictSame(await watch.exit, { code: 130, signal: null })
  t.equal(watch.stderr(), '')
})

t.test('--json with --country: alerts wait for the PoPs, those of others are left out', async (t) => {
  const other = { ...alertMessage('b', 'opened'), data: alertOf('b', { pop: 'ams1' }) }
  const both = { ...openAlerts([]), data: { alerts: [alertOf('a'), alertOf('b', { pop: 'ams1' })] } }
  const { port } = await feedServer(t, opened, other, both, update(), popsUpdate({ data: { pops: [pops[0]!] } }))
  const { stdout } = await run('watch', '--once', '--json', '--country', 'DE', `127.0.0.1:${port}`)
  const types = typesOf(stdout).filter((type) => !type.startsWith('watch_'))
  t.strictSame(types, ['welcome', 'subscription_confirmed', 'metrics_update', 'alert', 'open_alerts', 'pops_update'])
  t.match(stdout, '"data":{"alerts":[{"id":"a"')
  t.notMatch(stdout, '"b"')
})

t.test('into a pipe: a line per update, alert and turn', async (t) => {
  const server = await feedServer(t, ...well)
  const watch = startProgram(t, 'popcast.js', ['watch', `127.0.0.1:${server.port}`], {})
  // What comes in several pieces is told of as it comes.
  await watch.output(/Z CONNECTING\n([^ ]+ CONNECTED waiting for data, [^\n]+\n)?[^ ]+ LIVE 19\/20 healthy/)
  server.send(alertMessage('b', 'opened', { tickSeq: 2 }))
  await watch.output(/Z ALERT opened critical fra1 Frank\ufffd\[2Jfurt DE: 13.2 ms, \+193 % against 4.50 ms \(same .*since 2026/)
  server.send(alertMessage('b', 'resolved', { tickSeq: 3, data: alertOf('b', { state: 'resolved', closeReason: 'gone' }) }))
  await watch.output(/Z ALERT resolved \(gone\) critical fra1/)
  for (const client of server.clients) client.terminate()
  await watch.output(new RegExp(
    'Z RECONNECTING next try in \\d+ s \\(try 2\\), data [\\d.]+ s old, connection lost\n' +
    '[^ ]+ RECONNECTING trying now \\(try 2\\), data [\\d.]+ s old\n([^ ]+ CONNECTED waiting for data, [^\n]+\n)?[^ ]+ LIVE 19'
  ))
  await server.stop()
  await watch.output(/LIVE 19[^]*LIVE 19[^]*RECONNECTING next try in/)
  watch.child.kill('SIGTERM')
  t.strictSame(await watch.exit, { code: 143, signal: null })
  t.match(watch.stdout(), /Z RECONNECTING [^\n]*\n$/, 'that it ends itself is no turn of the feed')
})

t.test('into a pipe: an outage, attempt by attempt, and what is old until the present state has come', async (t) => {
  const old = { status: 'stale', ageMs: 91_000 } as const
  const server = await feedServer(t, openAlerts([]), update(old), popsUpdate({ data: { pops }, ...old }))
  const watch = startProgram(t, 'popcast.js', ['watch', `127.0.0.1:${server.port}`], {})
  await watch.output(/Z STALE 19\/20 healthy/)
  const shutdown = { data: { message: '', timestamp: '2026-01-01T00:00:00.000Z' }, reconnect: true, closeCode: 1001 }
  server.send({ type: 'server_shutdown', ...shutdown, retryAfterMs: 10 })
  await watch.output(/Z SERVER RESTARTING back in 1 s/)
  await server.stop()
  await watch.output(/trying now \(try 2\)/)
  const again = await feedServerAt(t, server.port, openAlerts([]))
  await watch.output(/Z CONNECTED waiting for data, STALE: data/)
  again.send(update({ seq: 2 }))
  again.send(popsUpdate({ seq: 2, data: { pops } }))
  await watch.output(/Z LIVE 19/)
  watch.child.kill('SIGTERM')
  await watch.exit
  const words = Array.from(watch.stdout().matchAll(/^\S+ ([A-Z ]+?) (?=[a-z\d])/gm), ([, word]) => word)
  const outage = words.slice(words.indexOf('SERVER RESTARTING'))
  t.strictSame([...new Set(outage)], ['SERVER RESTARTING', 'RECONNECTING', 'CONNECTED', 'LIVE'], watch.stdout())
  t.ok(outage.indexOf('CONNECTED') > outage.lastIndexOf('RECONNECTING'))
  const tries = Array.from(watch.stdout().matchAll(/trying now \(try (\d+)\)/g), ([, number]) => Number(number))
  t.strictSame(tries, tries.map((_, index) => index + 1), 'each once, from 1 on')
})

t.test('why it is stale is told also where that comes after, and when it has ended', async (t) => {
  const server = await feedServer(t, openAlerts([]), update(), popsUpdate({ data: { pops } }))
  const watches = [[], ['--json']].map((args) =>
    startProgram(t, 'popcast.js', ['watch', ...args, `127.0.0.1:${server.port}`], {}))
  const [text, json] = watches as [typeof watches[0], typeof watches[0]]
  await text.output(/Z LIVE 19/)
  await json.output(/pops_update/)
  const old = { status: 'stale', ageMs: 11_000 } as const
  for (const message of [update({ seq: 2, ...old }), popsUpdate({ seq: 2, data: { pops }, ...old })]) server.send(message)
  server.send(sourceError({ code: 'SOURCE_UNAVAILABLE' }))
  await text.output(/Z STALE data [^\n]*database unavailable/)
  await json.output(/"watch_freshness"[^\n]*"source":null[^]*"watch_freshness"[^\n]*"state":"stale"[^\n]*"SOURCE_UNAVAILABLE"/)
  for (const message of [update({ seq: 3 }, 10_000), popsUpdate({ seq: 3, data: { pops } }, 10_000)]) server.send(message)
  await text.output(/unavailable[^]*Z LIVE 19/)
  await json.output(/"SOURCE_UNAVAILABLE"[^]*"watch_freshness"[^\n]*"source":null/)
})

t.test('a reader that has gone ends it, without a word', async (t) => {
  const port = await portOf(startService(t, SETTINGS))
  for (const args of [[], ['--json']]) {
    const child = spawn(process.execPath, [popcast, 'watch', ...args, `127.0.0.1:${port}`], { stdio: ['ignore', 'pipe', 'pipe'] })
    t.teardown(() => child.kill('SIGKILL'))
    let errors = ''
    child.stderr.on('data', (chunk) => { errors += chunk })
    await once(createInterface(child.stdout), 'line')
    child.stdout.destroy()
    t.strictSame(await once(child, 'close'), [141, null])
    t.equal(errors, '')
  }
})

t.test('a reader that does not read is told what it has missed', async (t) => {
  const server = await feedServer(t, ...well)
  const args = [popcast, 'watch', '--json', `127.0.0.1:${server.port}`]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const socket = await server.connection()
  // Far more than a pipe, our buffers and those of the reader hold; the pong comes when all of it has been taken in.
  const text = 'x'.repeat(100_000)
  for (let index = 0; index < 100; index++) server.send({ type: 'large', index, text })
  const taken = once(socket, 'pong')
  socket.ping()
  await taken
  const lines = createInterface(child.stdout)
  let large = 0
  let dropped = 0
  for await (const line of lines) {
    const { type, lines } = JSON.parse(line) as { type: string, lines: number }
    if (type === 'large') large++
    if (type === 'watch_dropped') {
      dropped = lines
      break
    }
  }
  t.ok(dropped > 50, `${dropped} dropped`)
  t.ok(large > 0)
})

t.test('where upgrades do not pass it follows server-sent events', async (t) => {
  const port = await portOf(startService(t, SETTINGS))
  const proxy = createServer((incoming, response) => {
    const { url, headers } = incoming
    request({ port, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    }).on('error', () => response.destroy()).end()
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  const { code, stdout } = await run('watch', '--once', '--json', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)
  t.equal(code, 0)
  t.ok(typesOf(stdout).includes('pops_update'))
  t.match(stdout, '"state":"live","transport":"sse"')
})
