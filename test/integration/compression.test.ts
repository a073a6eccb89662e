import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { deflateRawSync } from 'node:zlib'
import t from 'tap'
import { build } from '../support/app.ts'
import { TestClient } from '../support/client.ts'
import { rawHandshake } from '../support/raw-client.ts'

const ALWAYS = { COMPRESSION_THRESHOLD_BYTES: '0' }
const OFFER = { 'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits' }

t.test('clients that offer permessage-deflate and clients that do not read the same', async (t) => {
  const { app, port } = await build(t, ALWAYS)
  const open = (perMessageDeflate: boolean) => TestClient.open(`ws://127.0.0.1:${port}/ws`, { perMessageDeflate })
  const [deflated, plain] = await Promise.all([open(true), open(false)])
  t.match(deflated.socket.extensions, 'permessage-deflate')
  t.equal(plain.socket.extensions, '')
  t.strictSame(Array.from(app.connections, ({ encoding }) => encoding).sort(), ['deflate-15', 'plain'])
  const read = (client: TestClient) => client.next('metrics_update', ({ seq }) => seq === 3)
  t.strictSame(await read(deflated), await read(plain))
  deflated.send({ type: 'ping', id: 'x'.repeat(100) })
  t.equal((await deflated.next('pong')).id, 'x'.repeat(100))
})

t.test('everybody who agreed on the same gets the same bytes, deflated', async (t) => {
  const { port } = await build(t, ALWAYS)
  const clients = await Promise.all([rawHandshake(port, '/ws', OFFER), rawHandshake(port, '/ws', OFFER), rawHandshake(port)])
  const updates = await Promise.all(clients.map((client) => client.message('"seq":3,')))
  const [first, second, plain] = updates as [Buffer, Buffer, Buffer]
  t.ok(first.equals(second))
  t.equal(first[0], 0xc1, 'final, deflated, text')
  t.equal(plain[0], 0x81)
  t.ok(first.length < plain.length)
})

t.test('below the threshold, and where it is switched off, nothing is deflated', async (t) => {
  for (const env of [{ COMPRESSION_THRESHOLD_BYTES: '65536' }, { COMPRESSION: 'off', COMPRESSION_THRESHOLD_BYTES: '0' }]) {
    const { port } = await build(t, env)
    const client = await rawHandshake(port, '/ws', OFFER)
    t.equal((await client.message('"seq":3,'))[0], 0x81, JSON.stringify(env))
  }
})

t.test('a message that inflates to more than MAX_MESSAGE_BYTES closes with 1009', async (t) => {
  const { port, connect } = await build(t, { MAX_MESSAGE_BYTES: '16384' })
  const bystander = await connect()
  const bomb = await rawHandshake(port, '/ws', OFFER)
  const deflated = deflateRawSync(Buffer.alloc(8 * 1024 * 1024, ' '))
  const header = Buffer.from([0xc1, 0x80 | 126, deflated.length >> 8, deflated.length & 0xff, 0, 0, 0, 0])
  t.ok(deflated.length < 16_384, 'small on the wire')
  bomb.socket.write(Buffer.concat([header, deflated]))
  t.equal(await bomb.closeCode(), 1009)
  await bystander.next('metrics_update')
})

const python = process.env.TEST_PYTHON ?? '/usr/bin/python3'
const missing = hasWebsockets(python) ? null : `${python} has no module websockets (package python3-websockets, or TEST_PYTHON)`
const required = process.env.TEST_REQUIRE_PYTHON_WEBSOCKETS !== undefined

t.test(
  'python3-websockets reads it, whatever window it asks for',
  { skip: missing !== null && !required ? missing : false },
  async (t) => {
    if (missing !== null) throw new Error(missing)
    const { port } = await build(t, ALWAYS)
    const script = fileURLToPath(new URL('../../../test/fixtures/deflate_client.py', import.meta.url))
    const cases = [
      { name: 'no compression', windowBits: 'off', agreed: null },
      { name: 'the default window', windowBits: '0', agreed: /^permessage-deflate; server_no_context_takeover/ },
      { name: '10 bits', windowBits: '10', agreed: /server_max_window_bits=10/ },
      { name: '8 bits, which zlib cannot do', windowBits: '8', agreed: /server_max_window_bits=8/ }
    ]
    for (const { name, windowBits, agreed } of cases) {
      t.test(name, async (t) => {
        const { stdout } = await promisify(execFile)(python, [script, `ws://127.0.0.1:${port}/ws`, windowBits])
        const read = JSON.parse(stdout)
        t.match(read, { agreed, types: ['welcome', /metrics_update/, 'metrics_update', 'metrics_update'], pong: 'x'.repeat(100) })
      })
    }
  }
)

function hasWebsockets (python: string): boolean {
  try {
    execFileSync(python, ['-c', 'import websockets.extensions.permessage_deflate'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
