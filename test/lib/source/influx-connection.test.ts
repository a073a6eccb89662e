import t, { type Test } from 'tap'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { mock } from 'node:test'
import { InfluxConnection } from '../../../lib/source/influx-connection.ts'
import { settle } from '../../support/fake-clock.ts'
import { failureOf, type InfluxRequest, type Script } from '../../support/fake-influx-server.ts'
import { deferred } from '../../support/fake-source.ts'
import { CSV, JSON_ANSWER, setUp } from '../../support/influx-connections.ts'

t.test('an answered call', async (t) => {
  const { influx, connection, query } = await setUp(t)
  influx.replay(JSON_ANSWER)
  t.strictSame(await query(), { results: [] })
  influx.replay({ status: 204, headers: {}, body: '' })
  await connection.ping()
  t.strictSame(influx.requests.map(({ method, path }) => [method, path]), [['GET', '/query'], ['GET', '/ping']])
})

t.test('answers to a ping', async (t) => {
  const { influx, connection } = await setUp(t)
  const json = { 'content-type': 'application/json' }
  influx.replay({ status: 200, headers: json, body: '{"version":"3.0"}' })
  await connection.ping()
  influx.replay({ status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>Log in</h1>' })
  t.equal((await failureOf(connection.ping())).reason, 'bad_answer')
  influx.replay({ status: 503, headers: json, body: '{}' })
  t.equal((await failureOf(connection.ping())).reason, 'unavailable')
})

t.test('a URL with a path', async (t) => {
  const { influx } = await setUp(t)
  const connection = new InfluxConnection({ url: `${influx.url}/db/`, queryLanguage: 'flux', timeoutMs: 5_000 })
  t.teardown(() => connection.close())
  await connection.ping()
  t.equal(influx.requests[0]?.path, '/db/ping')
})

/** Makes the deadline fire when the test says so. */
function holdDeadlines (t: Test): { pass: (ms: number) => Promise<void> } {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  return {
    async pass (ms) {
      mock.timers.tick(ms)
      await settle()
    }
  }
}

t.test('the deadline closes the socket', async (t) => {
  const trickle: Script = (response) => {
    response.writeHead(200, { 'content-type': 'text/csv' })
    const timer = setInterval(() => response.write(' '), 5)
    response.on('close', () => clearInterval(timer))
  }
  const head = (status: number): Script => (response) => response.writeHead(status, { 'content-type': 'text/csv' }).flushHeaders()
  const cases: Array<{ name: string, script: Script, after: 'received' | 'headers' | 'bytes' }> = [
    { name: 'before the headers', script: () => {}, after: 'received' },
    { name: 'after the headers', script: head(200), after: 'headers' },
    { name: 'in the middle of a body that trickles', script: trickle, after: 'bytes' },
    { name: 'after the headers of an error', script: head(500), after: 'headers' }
  ]
  for (const { name, script, after } of cases) {
    t.test(name, async (t) => {
      const { influx, connection } = await setUp(t, { timeoutMs: 5_000 })
      const deadlines = holdDeadlines(t)
      const reached = { received: deferred<void>(), headers: deferred<void>(), bytes: deferred<void>() }
      influx.script = (response, request) => {
        script(response, request)
        reached.received.resolve()
      }
      const failures: unknown[] = []
      connection.client.transport.send('/api/v2/query', '', { method: 'GET' }, {
        responseStarted: () => reached.headers.resolve(),
        next: () => reached.bytes.resolve(),
        error: (error) => { failures.push(error) }
      })
      await reached[after].promise
      const [socket] = influx.sockets as [Socket]
      const socketClosed = once(socket, 'close')
      await deadlines.pass(4_999)
      t.strictSame(failures, [])
      await deadlines.pass(1)
      t.match(failures, [{ name: 'SourceError', reason: 'timeout', message: 'no complete answer within 5000 ms' }])
      await socketClosed
      t.equal(influx.sockets.length, 1)
      t.equal(failures.length, 1, 'it is told once')
    })
  }
})

t.test('after a deadline the next call works', async (t) => {
  const { influx, query } = await setUp(t, { timeoutMs: 5_000 })
  const deadlines = holdDeadlines(t)
  const received = deferred<void>()
  influx.script = () => received.resolve()
  const call = failureOf(query())
  await received.promise
  await deadlines.pass(5_000)
  t.equal((await call).reason, 'timeout')
  influx.replay(JSON_ANSWER)
  t.strictSame(await query(), { results: [] })
})

t.test('one connection serves call after call', async (t) => {
  const { influx, query } = await setUp(t)
  influx.replay(JSON_ANSWER)
  for (let call = 0; call < 3; call++) await query()
  t.equal(influx.requests.length, 3)
  t.equal(influx.sockets.length, 1)
})

t.test('there are at most 4 sockets', async (t) => {
  const { influx, query } = await setUp(t)
  const waiting: Array<() => void> = []
  influx.script = (response) => {
    waiting.push(() => response.writeHead(200, JSON_ANSWER.headers).end(JSON_ANSWER.body))
    // All that can come are there: with more sockets there would be more of them in the end.
    if (influx.requests.length >= 4) for (const answer of waiting.splice(0)) answer()
  }
  await Promise.all(Array.from({ length: 20 }, query))
  t.equal(influx.requests.length, 20)
  t.equal(influx.sockets.length, 4)
})

t.test('close', async (t) => {
  const { influx, connection, query } = await setUp(t)
  const received = deferred<InfluxRequest>()
  influx.script = (_response, request) => received.resolve(request)
  const call = failureOf(query())
  const { socket } = await received.promise
  const socketClosed = once(socket, 'close')
  await connection.close()
  const underWay = await call
  t.strictSame([underWay.reason, underWay.message], ['unavailable', 'the connection was closed'])
  await socketClosed
  const after = await failureOf(query())
  t.strictSame([after.reason, after.message], ['unavailable', 'the connection is closed'])
  t.equal((await failureOf(connection.ping())).message, 'the connection is closed')
  t.equal(influx.requests.length, 1)
})

t.test('close ends idle sockets, too', async (t) => {
  const { influx, connection, query } = await setUp(t)
  influx.replay(JSON_ANSWER)
  await query()
  const [socket] = influx.sockets as [Socket]
  t.equal(socket.destroyed, false)
  const socketClosed = once(socket, 'close')
  await connection.close()
  await socketClosed
  t.equal(socket.destroyed, true)
})

/** Sends blanks, one MiB after the other, until the client has had enough. */
function endless (status: number): Script {
  const mebibyte = Buffer.alloc(1024 * 1024, ' ')
  return (response) => {
    response.writeHead(status, { 'content-type': 'text/csv' })
    const more = () => {
      while (!response.destroyed && response.write(mebibyte));
    }
    response.on('drain', more)
    more()
  }
}

t.test('an answer without end is cut at 64 MiB', async (t) => {
  const { influx, connection } = await setUp(t)
  influx.script = endless(200)
  let bytes = 0
  const failure = await failureOf(new Promise((resolve, reject) => {
    connection.client.transport.send(
      '/api/v2/query',
      '',
      { method: 'GET' },
      {
        next: (chunk) => {
          bytes += chunk.length
        },
        error: reject,
        complete: () => resolve(bytes)
      }
    )
  }))
  t.strictSame([failure.reason, failure.message], ['bad_answer', 'the answer has more than 67108864 bytes'])
  t.ok(bytes <= 67_108_864, `${bytes} bytes were handed on`)
  t.ok(bytes > 60_000_000, `${bytes} bytes were handed on`)
})

t.test('an error without end is cut, too', async (t) => {
  const { influx, query } = await setUp(t)
  influx.script = endless(500)
  t.not((await failureOf(query())).reason, 'timeout')
})

t.test('credentials', async (t) => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
  const cases = [
    { name: 'flux, token', queryLanguage: 'flux', token: 'abc', authorization: 'Token abc' },
    { name: 'flux, user and password (1.8)', queryLanguage: 'flux', token: 'user:pass', authorization: 'Token user:pass' },
    { name: 'influxql, token (3.x)', queryLanguage: 'influxql', token: 'abc', authorization: 'Token abc' },
    {
      name: 'influxql, user and password (1.x)',
      queryLanguage: 'influxql',
      token: 'user:pa:ss',
      authorization: basic('user:pa:ss')
    },
    { name: 'none', queryLanguage: 'influxql', token: undefined, authorization: undefined }
  ] as const
  for (const { name, queryLanguage, token, authorization } of cases) {
    const { influx, connection, query } = await setUp(t, { queryLanguage, token })
    influx.replay(JSON_ANSWER)
    await query()
    influx.replay({ status: 204, headers: {}, body: '' })
    await connection.ping()
    t.strictSame(influx.requests.map(({ headers }) => headers.authorization), [authorization, authorization], name)
  }
})

t.test('flux goes through the client and the same guard', async (t) => {
  const { influx, connection } = await setUp(t)
  influx.replay(CSV)
  t.strictSame(await connection.client.getQueryApi('edge').collectRows('x'), [{ result: 'latest', table: 0, _value: 1 }])
  await connection.close()
  t.equal((await failureOf(connection.client.getQueryApi('edge').collectRows('x'))).message, 'the connection is closed')
})
