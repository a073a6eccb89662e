import { createServer, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'
import t, { type Test } from 'tap'
import { influxWrite } from '../../generator/influx-write.ts'
import { BATCH_LINES } from '../../generator/writer.ts'
import { InfluxConnection } from '../../lib/source/influx-connection.ts'
import { FakeLog } from '../support/fake-log.ts'
import { rejection } from '../support/fake-database.ts'

interface Answer {
  status: number
  json?: object
}

interface Request {
  target: string
  body: string
}

const CREATED: Answer = { status: 200, json: { results: [{ statement_id: 0 }] } }
const WRITTEN: Answer = { status: 204 }

/** A server that gives these answers in this order. */
async function setup (t: Test, queryLanguage: 'flux' | 'influxql', answers: Answer[], bucket = 'edge') {
  const requests: Request[] = []
  const server = createServer(async (request, response) => {
    requests.push({ target: `${request.method} ${request.url}`, body: await bodyOf(request) })
    const { status, json } = answers.shift() ?? WRITTEN
    const body = json === undefined ? '' : JSON.stringify(json)
    response
      .writeHead(status, status === 204 ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      .end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const connection = new InfluxConnection({ url, queryLanguage, timeoutMs: 10_000 })
  const log = new FakeLog()
  t.teardown(async () => {
    await connection.close()
    server.close()
  })
  const target = { INFLUXDB_QUERY_LANGUAGE: queryLanguage, INFLUXDB_ORG: 'my org', INFLUXDB_BUCKET: bucket }
  return { write: influxWrite(target, connection, log), requests, log }
}

function bodyOf (request: IncomingMessage): Promise<string> {
  return text(request.headers['content-encoding'] === 'gzip' ? request.pipe(createGunzip()) : request)
}

t.test('flux: a batch is one request, in milliseconds', async (t) => {
  const { write, requests } = await setup(t, 'flux', [])
  await write(['a b=1 1', 'a b=2 2'])
  t.strictSame(requests, [{ target: 'POST /api/v2/write?org=my%20org&bucket=edge&precision=ms', body: 'a b=1 1\na b=2 2' }])
})

t.test('flux: the largest batch is one request, compressed', async (t) => {
  const { write, requests } = await setup(t, 'flux', [])
  const lines = Array.from({ length: BATCH_LINES }, (_, index) => `a b=${index} ${index}`)
  await write(lines)
  t.strictSame(requests.map(({ body }) => body), [lines.join('\n')])
})

t.test('flux: after a failure the client keeps nothing and sends nothing by itself', async (t) => {
  const { write, requests } = await setup(t, 'flux', [{ status: 503, json: { message: 'busy' } }])
  t.match(await rejection(write(['lost 1'])), { name: 'SourceError', reason: 'unavailable' })
  await write(['kept 2'])
  t.strictSame(requests.map(({ body }) => body), ['lost 1', 'kept 2'])
})

for (const [name, answer, reason] of [
  ['too many requests', { status: 429 }, 'unavailable'],
  ['a wrong token', { status: 401, json: { message: 'unauthorized access' } }, 'unauthorized'],
  ['an unknown bucket', { status: 404, json: { message: 'bucket "edge" not found' } }, 'bad_answer'],
  ['an answer that is not the one to a write', { status: 200, json: {} }, 'bad_answer']
] as const) {
  t.test(`flux: ${name} is ${reason}`, async (t) => {
    const { write } = await setup(t, 'flux', [answer])
    t.match(await rejection(write(['a b=1 1'])), { name: 'SourceError', reason })
  })
}

t.test('influxql: the database is created once, then batches are written', async (t) => {
  const { write, requests, log } = await setup(t, 'influxql', [CREATED], 'my "db"/two weeks')
  await write(['a b=1 1'])
  await write(['a b=2 2'])
  t.strictSame(requests, [
    { target: `POST /query?${new URLSearchParams({ q: 'CREATE DATABASE "my \\"db\\""' })}`, body: '' },
    { target: 'POST /write?db=my+%22db%22&rp=two+weeks&precision=ms', body: 'a b=1 1' },
    { target: 'POST /write?db=my+%22db%22&rp=two+weeks&precision=ms', body: 'a b=2 2' }
  ])
  t.strictSame(log.lines, [])
})

t.test('influxql: while the database cannot be reached, its creation is tried again', async (t) => {
  const { write, requests } = await setup(t, 'influxql', [{ status: 503 }, CREATED])
  t.match(await rejection(write(['a b=1 1'])), { reason: 'unavailable' })
  await write(['a b=1 1'])
  t.strictSame(requests.map(({ body }) => body), ['', '', 'a b=1 1'])
})

for (const [name, answer, reason] of [
  ['not allowed', { status: 403, json: { error: 'not authorized' } }, 'unauthorized'],
  ['refused', { status: 200, json: { results: [{ error: 'invalid name' }] } }, 'bad_answer']
] as const) {
  t.test(`influxql: a creation that is ${name} is said, and the write decides`, async (t) => {
    const { write, requests, log } = await setup(t, 'influxql', [answer])
    await write(['a b=1 1'])
    t.equal(requests.length, 2)
    t.match(log.of('database_not_created'), [{ level: 'warn', database: 'edge', reason }])
  })
}

t.test('influxql: points that are refused, and an answer that is none, are failures', async (t) => {
  const { write } = await setup(t, 'influxql', [
    CREATED,
    { status: 400, json: { error: 'partial write: dropped=1' } },
    { status: 200, json: {} }
  ])
  t.match(await rejection(write(['a b=1 1'])), { reason: 'bad_answer', message: /partial write/ })
  t.match(await rejection(write(['a b=1 1'])), { reason: 'bad_answer', message: /HTTP 200/ })
})
