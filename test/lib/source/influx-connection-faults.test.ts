import t from 'tap'
import { failureOf, type Script } from '../../support/fake-influx-server.ts'
import { setUp } from '../../support/influx-connections.ts'
import { SourceError, type SourceFailure } from '../../../lib/source/source-error.ts'

const HTML = 'is INFLUXDB_URL an InfluxDB, and no login page or proxy?'

/** Writes bytes past the HTTP server and ends the connection. */
const raw = (...lines: string[]): Script => (_response, { socket }) => { socket.end(lines.join('\r\n')) }

const answer = (status: number, contentType: string, body: string): Script => (response) => {
  response.writeHead(status, { 'content-type': contentType }).end(body)
}

t.test('answers that are none', async (t) => {
  const json = 'application/json'
  const cases: Array<{ name: string, path?: string, script: Script, reason: SourceFailure, message: string | RegExp }> = [
    {
      name: 'HTML 200',
      script: answer(200, 'text/html', '<h1>Log in</h1>'),
      reason: 'bad_answer',
      message: `the answer has the content type text/html: ${HTML}`
    },
    {
      name: 'HTML 200 to a Flux query',
      path: '/api/v2/query?org=x',
      script: answer(200, 'text/html; charset=utf-8', '<h1>Log in</h1>'),
      reason: 'bad_answer',
      message: `the answer has the content type text/html; charset=utf-8: ${HTML}`
    },
    {
      name: 'JSON to a Flux query',
      path: '/api/v2/query?org=x',
      script: answer(200, json, '{}'),
      reason: 'bad_answer',
      message: `the answer has the content type application/json: ${HTML}`
    },
    {
      name: 'CSV to an InfluxQL query',
      script: answer(200, 'text/csv', 'a,b'),
      reason: 'bad_answer',
      message: `the answer has the content type text/csv: ${HTML}`
    },
    {
      name: 'no content type',
      script: (response) => response.writeHead(200).end('{}'),
      reason: 'bad_answer',
      message: `the answer has the content type none: ${HTML}`
    },
    {
      name: 'redirection',
      script: (response) => response.writeHead(302, { location: '/login' }).end(),
      reason: 'bad_answer',
      message: 'HTTP 302: 302 Found'
    },
    {
      name: '400',
      script: answer(400, json, '{"error":"parse"}'),
      reason: 'bad_answer',
      message: 'HTTP 400: 400 Bad Request : {"error":"parse"}'
    },
    {
      name: '404',
      script: answer(404, 'text/plain', 'no page'),
      reason: 'bad_answer',
      message: 'HTTP 404: 404 Not Found : no page'
    },
    {
      name: '401',
      script: answer(401, json, '{"code":"unauthorized","message":"no access"}'),
      reason: 'unauthorized',
      message: 'HTTP 401: no access'
    },
    {
      name: '403',
      script: answer(403, json, '{"error":"forbidden"}'),
      reason: 'unauthorized',
      message: 'HTTP 403: 403 Forbidden : {"error":"forbidden"}'
    },
    { name: '429', script: answer(429, json, '{"message":"slow down"}'), reason: 'unavailable', message: 'HTTP 429: slow down' },
    { name: '500', script: answer(500, json, '{"message":"broken"}'), reason: 'unavailable', message: 'HTTP 500: broken' },
    {
      name: '503',
      script: answer(503, 'text/html', '<h1>down</h1>'),
      reason: 'unavailable',
      message: 'HTTP 503: 503 Service Unavailable : <h1>down</h1>'
    },
    {
      name: 'a reset before the headers',
      script: (_response, { socket }) => socket.destroy(),
      reason: 'unavailable',
      message: 'ECONNRESET: socket hang up'
    },
    {
      name: 'chunks cut short',
      script: raw('HTTP/1.1 200 OK', 'content-type: application/json', 'transfer-encoding: chunked', '', '5', '{"a":', ''),
      reason: 'unavailable',
      message: /aborted/i
    },
    {
      name: 'a body shorter than its length',
      script: raw('HTTP/1.1 200 OK', 'content-type: application/json', 'content-length: 100', '', '{}'),
      reason: 'unavailable',
      message: /aborted/i
    },
    {
      name: 'a body that ends with the connection',
      script: raw('HTTP/1.1 200 OK', 'content-type: application/json', 'connection: close', '', '{}'),
      reason: 'bad_answer',
      message: 'the answer has neither Content-Length nor chunks, so a cut one could not be told from a whole one'
    },
    {
      name: 'an error of several lines',
      script: answer(500, 'text/plain', 'a\r\n\tb'),
      reason: 'unavailable',
      message: 'HTTP 500: 500 Internal Server Error : a b'
    },
    {
      name: 'a long error',
      script: answer(500, 'text/plain', 'x'.repeat(5_000)),
      reason: 'unavailable',
      message: `HTTP 500: 500 Internal Server Error : ${'x'.repeat(300)}`.slice(0, 300)
    }
  ]
  for (const { name, path, script, reason, message } of cases) {
    t.test(name, async (t) => {
      const { influx, query } = await setUp(t)
      influx.script = script
      const failure = await failureOf(query(path))
      t.equal(failure.reason, reason)
      if (typeof message === 'string') t.equal(failure.message, message)
      else t.match(failure.message, message)
      t.equal(influx.requests.length, 1, 'it is not asked again')
    })
  }
})

t.test('nobody listens', async (t) => {
  const { influx, query, connection } = await setUp(t)
  await influx.stop()
  for (const call of [query(), connection.ping()]) {
    const { reason, message } = await failureOf(call)
    t.equal(reason, 'unavailable')
    t.match(message, /^ECONNREFUSED: /)
  }
})

t.test('what a server says is cleared of secrets', async (t) => {
  const cases = [
    { name: 'a token', queryLanguage: 'flux', token: 'hunter2-token' },
    { name: 'a token that a URL would escape', queryLanguage: 'flux', token: 'hunter2/token==' },
    { name: 'user and password as a token', queryLanguage: 'flux', token: 'user:hunter2' },
    { name: 'user and password as Basic credentials', queryLanguage: 'influxql', token: 'user:hunter2' }
  ] as const
  const bodies: Array<[name: string, contentType: string, body: (secret: string) => string]> = [
    ['text', 'text/plain', (secret) => `you sent ${secret}`],
    ['JSON', 'application/json', (secret) => JSON.stringify({ message: `you sent ${secret}` })],
    ['JSON of 1.x', 'application/json', (secret) => JSON.stringify({ error: `you sent ${secret}` })],
    [
      'a secret across the cut of a long message',
      'text/plain',
      (secret) => 'x'.repeat(290 - 'HTTP 401: 401 Unauthorized : '.length) + secret
    ]
  ]
  for (const { name, queryLanguage, token } of cases) {
    const { influx, query } = await setUp(t, { queryLanguage, token })
    const forms = [token, encodeURIComponent(token), Buffer.from(token).toString('base64'), token.slice(token.indexOf(':') + 1)]
    for (const [kind, contentType, body] of bodies) {
      for (const form of forms) {
        influx.script = answer(401, contentType, body(form))
        const { message } = await failureOf(query())
        t.strictSame(forms.filter((secret) => message.includes(secret.slice(0, 6))), [], `${name}, ${kind}, ${form}`)
        t.match(message, '***', `${name}, ${kind}, ${form}`)
      }
      influx.script = (response, request) =>
        answer(401, contentType, body(request.headers.authorization ?? 'nothing'))(response, request)
      const { message } = await failureOf(query())
      t.strictSame(forms.filter((secret) => message.includes(secret.slice(0, 6))), [], `${name}, ${kind}, the header as it came`)
      t.match(message, '***', `${name}, ${kind}, the header as it came`)
    }
  }
})

t.test('classify', async (t) => {
  const { connection } = await setUp(t, { token: 'user:hunter2' })
  const known = new SourceError('timeout', 'late')
  t.equal(connection.classify(known), known)
  const cases: Array<[name: string, error: unknown, reason: SourceFailure, message: string]> = [
    ['no JSON', new SyntaxError('Unexpected token < in JSON'), 'bad_answer', 'the answer is not JSON'],
    [
      'of the system',
      Object.assign(new Error('getaddrinfo ENOTFOUND db'), { code: 'ENOTFOUND' }),
      'unavailable',
      'ENOTFOUND: getaddrinfo ENOTFOUND db'
    ],
    ['any other', new Error('odd'), 'unavailable', 'odd'],
    ['with a secret', new Error('bad header: hunter2'), 'unavailable', 'bad header: ***']
  ]
  for (const [name, error, reason, message] of cases) {
    const failure = connection.classify(error)
    t.strictSame([failure.reason, failure.message], [reason, message], name)
  }
})
