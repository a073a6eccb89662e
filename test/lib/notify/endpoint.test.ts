import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { backOffMs } from '../../../lib/notify/back-off.ts'
import { endpointOf, post } from '../../../lib/notify/endpoint.ts'

const cases = [
  {
    name: 'a path is added behind the one that there is',
    url: 'http://am.example:9093/alerts/',
    path: '/api/v2/alerts',
    expected: { url: 'http://am.example:9093/alerts/api/v2/alerts', headers: {}, host: 'am.example:9093' }
  },
  {
    name: 'credentials become a header, as what they stand for',
    url: 'https://us%40er:p%3Ass@am.example',
    path: '/api/v2/alerts',
    expected: {
      url: 'https://am.example/api/v2/alerts',
      headers: { authorization: `Basic ${Buffer.from('us@er:p:ss').toString('base64')}` },
      host: 'am.example'
    }
  },
  {
    name: 'a webhook is left as it is',
    url: 'https://hooks.example/T0/secret?key=secret',
    path: '',
    expected: { url: 'https://hooks.example/T0/secret?key=secret', headers: {}, host: 'hooks.example' }
  }
]

for (const { name, url, path, expected } of cases) {
  t.test(name, async (t) => {
    t.strictSame(endpointOf(url, path), expected)
  })
}

t.test('posts JSON, with its own headers, and follows nobody elsewhere', async (t) => {
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    const headers = { 'content-type': 'application/json', authorization: 'x', 'webhook-id': '1' }
    t.match(request, { method: 'POST', url: '/hook', headers })
    request.resume()
    response.writeHead(307, { location: '/elsewhere' }).end('an answer')
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const endpoint = { ...endpointOf(`http://127.0.0.1:${port}/hook`), headers: { authorization: 'x' } }
  t.equal(await post(endpoint, '{}', { 'webhook-id': '1' }), 307)
  t.equal(requests, 1)
})

t.test('pauses grow, are spread, and have an end', async (t) => {
  t.strictSame([1, 2, 3, 4, 10, 1_000].map((failures) => backOffMs(failures, 0)), [500, 1_000, 2_000, 4_000, 30_000, 30_000])
  t.equal(backOffMs(1, 0.5), 750)
})
