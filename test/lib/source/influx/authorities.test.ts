import t from 'tap'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { readAuthorities } from '../../../../lib/source/influx/settings.ts'
import { InfluxConnection } from '../../../../lib/source/influx-connection.ts'
import { failureOf } from '../../../support/fake-influx-server.ts'

// A certificate for 127.0.0.1 that is its own authority, of no use anywhere else.
const fixture = (name: string) => fileURLToPath(new URL(`../../../../../test/fixtures/${name}`, import.meta.url))

t.test('TLS with an own authority', async (t) => {
  const cert = readFileSync(fixture('authority.pem'))
  const key = readFileSync(fixture('authority-key.pem'))
  const server = createServer({ cert, key }, (_request, response) => { response.writeHead(204).end() })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const connect = (authorities?: string) => {
    const connection = new InfluxConnection({ url, queryLanguage: 'flux', authorities, timeoutMs: 20_000 })
    t.teardown(() => connection.close())
    return connection
  }
  t.match(await failureOf(connect().ping()), { reason: 'unavailable', message: /self-signed certificate/ })
  await connect(readAuthorities(fixture('authority.pem'))).ping()
})
