import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { faultsOf } from '../../support/setting-faults.ts'
import { hasReceivers, listed, readSecret } from '../../../lib/notify/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'popcast-secret-'))
t.teardown(() => rmSync(folder, { recursive: true }))
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const good = file('good', 'hunter2-hunter2-hunter2\n')
const short = file('short', 'hunter2\n')
const garbled = file('garbled', 'whsec_hunter2-hunter2-hunter2')

const cases: Array<{ name: string, env: Record<string, string>, faults: string[] }> = [
  { name: 'nobody', env: {}, faults: [] },
  {
    name: 'everybody',
    env: {
      ALERTMANAGER_URL: 'http://am-0:9093, https://user:hunter2@am-1/alerts',
      WEBHOOK_URL: 'https://hooks.example/hunter2?key=hunter2',
      WEBHOOK_SECRET_FILE: good,
      PUBLIC_URL: 'https://board.example/popcast/'
    },
    faults: []
  },
  {
    name: 'the second of several is no URL',
    env: { ALERTMANAGER_URL: 'http://am-0:9093,hunter2' },
    faults: ['ALERTMANAGER_URL number 2 cannot be parsed as a URL']
  },
  {
    name: 'one too many commas',
    env: { ALERTMANAGER_URL: 'http://am-0:9093,' },
    faults: ['ALERTMANAGER_URL number 2 cannot be parsed as a URL']
  },
  {
    name: 'another protocol',
    env: { ALERTMANAGER_URL: 'ftp://hunter2@am' },
    faults: ['ALERTMANAGER_URL number 1 has the protocol "ftp:"']
  },
  {
    name: 'the path of the API',
    env: { ALERTMANAGER_URL: 'http://am:9093/api/v2/alerts' },
    faults: ['ALERTMANAGER_URL number 1 ends with the path of the API, which is added']
  },
  {
    name: 'ports to which fetch sends nothing',
    env: {
      ALERTMANAGER_URL: 'http://am-0:9093,http://user:hunter2@am-1:6000',
      WEBHOOK_URL: 'https://hooks.example:4190/hunter2',
      WEBHOOK_SECRET_FILE: good
    },
    faults: [
      'ALERTMANAGER_URL number 2 has the port 6000, to which fetch sends nothing (https://fetch.spec.whatwg.org/#port-blocking)',
      'WEBHOOK_URL has the port 4190, to which fetch sends nothing (https://fetch.spec.whatwg.org/#port-blocking)'
    ]
  },
  {
    name: 'the same where something else than fetch sends',
    env: {
      INFLUXDB_URL: 'http://db:6000',
      INFLUXDB_ORG: 'a',
      INFLUXDB_BUCKET: 'a',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4190'
    },
    faults: []
  },
  { name: 'a query', env: { PUBLIC_URL: 'https://board.example/?a=hunter2' }, faults: ['PUBLIC_URL has a query'] },
  {
    name: 'a webhook that nobody could verify',
    env: { WEBHOOK_URL: 'https://hooks.example/hunter2' },
    faults: ['WEBHOOK_SECRET_FILE is not set, and WEBHOOK_URL is']
  },
  {
    name: 'a secret for nobody',
    env: { WEBHOOK_SECRET_FILE: good },
    faults: ['WEBHOOK_URL is not set, and WEBHOOK_SECRET_FILE is']
  },
  {
    name: 'a secret that can be guessed',
    env: { WEBHOOK_URL: 'https://hooks.example', WEBHOOK_SECRET_FILE: short },
    faults: [`WEBHOOK_SECRET_FILE ${short} holds 7 bytes, too few for a secret`]
  },
  {
    name: 'a secret that is not what it says',
    env: { WEBHOOK_URL: 'https://hooks.example', WEBHOOK_SECRET_FILE: garbled },
    faults: [`WEBHOOK_SECRET_FILE ${garbled} has no base64 after whsec_`]
  },
  {
    name: 'a file that is not there',
    env: { WEBHOOK_URL: 'https://hooks.example', WEBHOOK_SECRET_FILE: '/nowhere/secret' },
    faults: ["WEBHOOK_SECRET_FILE ENOENT: no such file or directory, open '/nowhere/secret'"]
  }
]

for (const { name, env, faults } of cases) {
  t.test(name, async (t) => {
    t.strictSame(faultsOf(env), faults)
    t.notMatch(faultsOf(env).join(), /hunter2/)
  })
}

t.test('a secret is its text, or what it encodes', async (t) => {
  t.equal(readSecret(good).toString(), 'hunter2-hunter2-hunter2')
  const bytes = Buffer.from([...Array(24).keys()])
  t.strictSame(readSecret(file('encoded', `whsec_${bytes.toString('base64')}`)), bytes)
})

t.test('who is to be told', async (t) => {
  t.notOk(hasReceivers({}))
  t.ok(hasReceivers({ ALERTMANAGER_URL: 'http://am' }))
  t.ok(hasReceivers({ WEBHOOK_URL: 'http://hook' }))
  t.strictSame(listed('http://a, http://b'), ['http://a', 'http://b'])
})
