import type { Test } from 'tap'
import { writeLines, type Engine } from './influxd.ts'
import { MINUTE, sourceOf, write } from './real-source.ts'

export function explainsWhatIsMissing (t: Test, engine: Engine) {
  return t.test('it says what is not there, and what is', async (t) => {
    const measurement = 'explained'
    await write(engine, measurement, [
      'pop_code=fra1,function_name=auth,host=a V=1,latitude=1 0',
      'pop_code=fra1,host=b V=1 0'
    ])
    await writeLines(engine, [`recent,pop_code=a cold_start_time_ms=1 ${Date.now() - MINUTE}`])
    await writeLines(engine, [
      `sparse,pop_code=a,host=b cold_start_time_ms=1 ${Date.now() - 20 * MINUTE}`,
      `sparse,pop_code=a,host=b other=1 ${Date.now()}`
    ])
    const TAGS = 'it has function_name, host, pop_code'
    const cases: Array<{ name: string, env: Record<string, string>, says: string | RegExp | null }> = [
      { name: 'all there', env: { INFLUXDB_MEASUREMENT: 'recent' }, says: null },
      { name: 'old', env: {}, says: /^newest sample of `cold_start_time_ms` is \d h old$/ },
      {
        name: 'field',
        env: { INFLUXDB_FIELD: 'cold_start_ms' },
        says: 'field `cold_start_ms` not found in explained; it has cold_start_time_ms, latitude'
      },
      {
        name: 'measurement',
        env: { INFLUXDB_MEASUREMENT: 'nope' },
        says: /^measurement `nope` not found in popcast[/_]short; it has explained, .* and \d+ more$/
      },
      { name: 'tag', env: { INFLUXDB_POP_TAG: 'pop' }, says: `tag \`pop\` not found in explained; ${TAGS}` },
      { name: 'filter tag', env: { INFLUXDB_FILTER: 'hosts=a' }, says: `tag \`hosts\` not found in explained; ${TAGS}` },
      {
        name: 'filter value',
        env: { INFLUXDB_FILTER: 'host=c,host=d' },
        says: 'INFLUXDB_FILTER matches nothing: tag `host` of explained is never c or d; it is a, b'
      },
      {
        name: 'filter value, of a field that was written less lately than another',
        env: { INFLUXDB_MEASUREMENT: 'sparse', INFLUXDB_FILTER: 'host=c' },
        says: 'INFLUXDB_FILTER matches nothing: tag `host` of sparse is never c; it is b'
      },
      {
        name: 'filters that exclude each other',
        env: { INFLUXDB_FILTER: 'host=b,function_name=auth' },
        says: 'explained has no sample of `cold_start_time_ms` that INFLUXDB_FILTER matches within the last 7 days'
      },
      { name: 'bucket', env: { INFLUXDB_BUCKET: 'nope' }, says: /^bucket `nope` not found; there (is|are) .*popcast/ },
      {
        name: 'bucket/policy',
        env: { INFLUXDB_BUCKET: 'popcast/nope' },
        says: /^bucket `popcast\/nope` not found; there are .*popcast/
      }
    ]
    for (const { name, env, says } of cases) {
      const { source } = await sourceOf(t, engine, measurement, env)
      const said = await source.explain()
      if (says instanceof RegExp) t.match(said, says, name)
      else t.equal(said, says, name)
    }
  })
}
