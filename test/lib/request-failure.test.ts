import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { described, requestFailure } from '../../lib/request-failure.ts'

/** Somebody who does this with whoever has said something: one who is gone before is asked again, for ever. */
async function port (t: Test, answer: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}).on('data', () => answer(socket))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

const failureOf = (url: string, options: RequestInit = {}) => fetch(url, options).then(() => 'none', requestFailure)

t.test('the cause of what fetch throws is told, and nothing of the URL', async (t) => {
  const closing = await port(t, (socket) => socket.destroy())
  const garbled = await port(t, (socket) => socket.end('garbage\n\n'))
  const silent = await port(t, () => {})
  const cases: Array<[url: string, expected: RegExp, options?: RequestInit]> = [
    ['http://127.0.0.1:2', /^ECONNREFUSED: connect ECONNREFUSED 127\.0\.0\.1:2$/],
    ['http://127.0.0.1:6000', /^bad port$/],
    [`http://127.0.0.1:${closing}`, /^(UND_ERR_SOCKET: other side closed|ECONNRESET: .+)$/],
    // By its code up to Node 22, without one from 24 on.
    [`http://127.0.0.1:${garbled}`, /^(HPE_INVALID_CONSTANT|Response does not match the HTTP\/1\.1 protocol)/],
    [`https://127.0.0.1:${garbled}`, /^[A-Z_]+: [^\n]+$/],
    [`http://127.0.0.1:${silent}`, /^no answer in time$/, { signal: AbortSignal.timeout(1) }],
    ['http://user:secret@127.0.0.1:2', /^TypeError$/]
  ]
  for (const [url, expected, options] of cases) {
    const failure = await failureOf(`${url}/secret?secret`, options)
    t.match(failure, expected, url)
    t.notMatch(failure, /secret|fetch failed/)
  }
})

t.test('an error in words', async (t) => {
  const refused = Object.assign(new Error('connect\n  refused'), { code: 'ECONNREFUSED' })
  t.equal(described(refused), 'ECONNREFUSED: connect refused')
  t.equal(described(Object.assign(new AggregateError([refused, new Error('b')]), { code: 'ECONNREFUSED' })), described(refused))
  t.equal(described(Object.assign(new Error(''), { code: 'ECONNRESET' })), 'ECONNRESET')
  t.equal(described(Object.assign(new Error('Unauthorized'), { code: 401 })), 'Unauthorized')
  t.equal(described(new RangeError('')), 'RangeError')
  t.equal(described({}), 'unknown')
  t.equal(requestFailure('a word'), 'a word')
})
