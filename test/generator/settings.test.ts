import t from 'tap'
import { loadInfluxConfig } from '../../generator/settings.ts'
import { rejection } from '../support/fake-database.ts'

const env = { INFLUXDB_URL: 'http://127.0.0.1:8086', INFLUXDB_BUCKET: 'edge', INFLUXDB_ORG: 'any' }

t.test('the settings of the service say where the samples go', async (t) => {
  t.match(loadInfluxConfig({ ...env, INFLUXDB_FIELD: 'rtt' }), {
    ...env,
    METRICS_SOURCE: 'influxdb',
    INFLUXDB_FIELD: 'rtt',
    INFLUXDB_QUERY_LANGUAGE: 'flux'
  })
})

t.test('METRICS_SOURCE and settings that are not about InfluxDB do not matter', async (t) => {
  t.match(loadInfluxConfig({ ...env, METRICS_SOURCE: 'demo', PORT: 'wrong' }), env)
})

const refused: Array<[name: string, env: Record<string, string>, problems: object[]]> = [
  [
    'nothing that is needed',
    { INFLUXDB_URL: ' ' },
    [{ variable: 'INFLUXDB_URL', fault: /is not set/ }, { variable: 'INFLUXDB_BUCKET' }]
  ],
  ['a wrong URL', { ...env, INFLUXDB_URL: 'nowhere' }, [{ variable: 'INFLUXDB_URL', fault: 'cannot be parsed as a URL' }]],
  ['no organisation for flux', { ...env, INFLUXDB_ORG: '' }, [{ variable: 'INFLUXDB_ORG' }]]
]

for (const [name, env, problems] of refused) {
  t.test(`refuses ${name}`, async (t) =>
    t.match(await rejection((async () => loadInfluxConfig(env))()), { name: 'ConfigError', problems })
  )
}
