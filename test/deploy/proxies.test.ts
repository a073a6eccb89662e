import { once } from 'node:events'
import { get, type RequestOptions } from 'node:https'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { build } from '../support/app.ts'
import { TestClient } from '../support/client.ts'
import { deployedCaddy, deployedNginx, skipWithoutCaddy } from '../support/deployed-proxy.ts'
import { skipWithoutNginx } from '../support/nginx.ts'

// As it would be set, but that the pings are made to fit a test.
const SETTINGS = { TRUST_PROXY: '127.0.0.1', STATUS_DETAILS: 'full', PING_INTERVAL_MS: '250' }

async function ask (url: string, options: RequestOptions = {}) {
  const [response] = await once(get(url, { rejectUnauthorized: false, ...options }), 'response')
  return { status: response.statusCode as number, headers: response.headers, response, body: () => text(response) }
}

const proxies = [
  { name: 'nginx', skip: skipWithoutNginx, start: (t: Test, port: number) => deployedNginx(t, port) },
  { name: 'Caddy', skip: skipWithoutCaddy, start: (t: Test, port: number) => deployedCaddy(t, port) }
]

for (const { name, skip, start } of proxies) {
  t.test(`behind ${name}, TLS and a prefix`, { skip }, async (t) => {
    const { port } = await build(t, SETTINGS)
    const own = await start(t, port)
    const base = `https://127.0.0.1:${own}/live`
    const open = async (options: object) => {
      const url = `${base.replace('https', 'wss')}/ws?topics=metrics`
      const client = await TestClient.open(url, { rejectUnauthorized: false, ...options })
      t.teardown(() => client.socket.terminate())
      await client.next('metrics_update')
      return client
    }

    const { status, headers } = await ask(base)
    t.match({ status: Math.floor(status / 100), location: headers.location }, { status: 3, location: /\/live\/$/ })
    const page = await (await ask(`${base}/`, { headers: { accept: 'text/html' } })).body()
    const [, script = ''] = /src="(page\/popcast-[^"]+)"/.exec(page) ?? []
    t.equal((await ask(`${base}/${script}`)).status, 200, 'the page finds its parts under the prefix')
    t.equal((await ask(`${base}/docs/static/swagger-ui.css`)).status, 200)

    await open({ origin: `https://127.0.0.1:${own}` })
    await t.rejects(open({ origin: 'https://elsewhere.example' }), /403/, 'a page of another origin')

    await open({ localAddress: '127.0.0.2', headers: { 'user-agent': 'second' } })
    await open({ localAddress: '127.0.0.3', headers: { 'user-agent': 'liar', 'x-forwarded-for': '198.51.100.7' } })
    const { connections } = JSON.parse(await (await ask(`${base}/api/websocket/status`)).body()) as
      { connections: Array<{ clientInfo: { ip: string, userAgent: string } }> }
    const ipOf = (agent: string) => connections.find(({ clientInfo }) => clientInfo.userAgent === agent)?.clientInfo.ip
    t.equal(ipOf('second'), '127.0.0.2', 'the address is that of the client, not of the proxy')
    t.equal(ipOf('liar'), '127.0.0.3', 'and not what it claims')

    const { response } = await ask(`${base}/api/stream`)
    const [chunk] = await once(response, 'data')
    t.match(String(chunk), /event: welcome/, 'events come as they are made')
    response.destroy()
  })
}

t.test('an idle client stays, since it is pinged more often than nginx waits', { skip: skipWithoutNginx }, async (t) => {
  const { port } = await build(t, SETTINGS)
  // The same share of the interval as 60 s are of 25.
  const own = await deployedNginx(t, port, '600ms')
  const idle = (topics: string) =>
    TestClient.open(`wss://127.0.0.1:${own}/live/ws?topics=${topics}`, { rejectUnauthorized: false })
  const client = await idle('alerts')
  t.teardown(() => client.socket.terminate())
  // Three times as long as nginx would wait.
  for (let pings = 0; pings < 8; pings++) await once(client.socket, 'ping')
  t.equal(client.socket.readyState, client.socket.OPEN)

  const rare = await build(t, { ...SETTINGS, PING_INTERVAL_MS: '60000', STALE_AFTER_MS: '60000' })
  const other = await deployedNginx(t, rare.port, '600ms')
  const cut = await TestClient.open(`wss://127.0.0.1:${other}/live/ws?topics=alerts`, { rejectUnauthorized: false })
  t.equal((await cut.closed).code, 1006, 'without pings it would have been cut off')
})
