import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import type { ServerMessage } from '../../lib/protocol/server-messages.ts'
import { build } from '../support/app.ts'
import { openPage, skipWithoutChromium } from '../support/chromium.ts'
import { EventClient } from '../support/event-client.ts'
import { proxy, skipWithoutNginx } from '../support/nginx.ts'
import { validateServerMessage } from '../support/validate.ts'

t.test('a browser reads the stream, and comes back by itself to where it was', { skip: skipWithoutChromium }, async (t) => {
  // Smaller than an update, so that it is deflated.
  const { app, port, logged } = await build(t, { COMPRESSION_THRESHOLD_BYTES: '100' }, { random: () => 0 })
  const page = await openPage(t, `http://127.0.0.1:${port}/docs/`)
  const reading = page.evaluate(readEvents, { url: '/api/stream?topics=metrics,alerts,pops&delta=fields', updates: 12 })
  await logged('broadcast', ({ clients, sent }) => clients === 1 && sent === 1)
  t.strictSame(Array.from(app.connections, ({ kind, encoding }) => `${kind} ${encoding}`), ['sse events-gzip'])
  for (const connection of app.connections) connection.terminate()
  const messages = await reading
  for (const message of messages) validateServerMessage(message)
  const confirmed = messages.filter((message) => message.type === 'subscription_confirmed')
  t.match(confirmed, [{ topics: ['metrics', 'alerts', 'pops'] }, { recovered: true }])
  const seqs = messages.filter((message) => message.type === 'metrics_update').map(({ seq }) => seq)
  t.strictSame(seqs, seqs.map((_, index) => (seqs[0] ?? 0) + index), 'none is missing, none comes twice')
})

/** Runs in the page. */
function readEvents ({ url, updates }: { url: string, updates: number }): Promise<ServerMessage[]> {
  const names = ['welcome', 'subscription_confirmed', 'metrics_update', 'pops_update', 'alert', 'open_alerts', 'pong', 'close']
  return new Promise((resolve) => {
    const source = new EventSource(url)
    const messages: ServerMessage[] = []
    let left = updates
    for (const name of names) {
      source.addEventListener(name, (event) => {
        messages.push(JSON.parse((event as MessageEvent).data))
        if (name !== 'metrics_update' || --left > 0) return
        source.close()
        resolve(messages)
      })
    }
  })
}

t.test('behind an nginx as it comes every update arrives when it is made', { skip: skipWithoutNginx }, async (t) => {
  const { port } = await build(t)
  const front = await proxy(t, port)
  for (const headers of [{}, { 'accept-encoding': 'gzip' }] as Array<Record<string, string>>) {
    const client = await EventClient.open(`http://127.0.0.1:${front}/api/stream?topics=metrics,pops`, headers)
    t.teardown(() => client.close())
    await client.next('pong')
    // One that is held back until a buffer is full would be thirty updates late.
    const { seq } = await client.next('pops_update')
    const { ageMs } = await client.next('metrics_update', (update) => update.seq === seq + 2)
    t.type(ageMs, 'number')
    t.equal(client.headers['content-encoding'], headers['accept-encoding'])
  }
})

const skipWithoutCurl = spawnSync('curl', ['--version']).error === undefined ? false : 'no curl'

t.test('curl', { skip: skipWithoutCurl }, async (t) => {
  const { port } = await build(t)
  const args = ['-sN', '--compressed', `http://127.0.0.1:${port}/api/stream`]
  const curl = spawn('curl', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => curl.kill())
  let text = ''
  curl.stdout.setEncoding('utf8').on('data', (part) => { text += part })
  while ((text.match(/event: metrics_update/g) ?? []).length < 3) await once(curl.stdout, 'data')
  t.match(text, /^event: welcome\nid: /)
})
