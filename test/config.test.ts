import { availableParallelism } from 'node:os'
import t from 'tap'
import { ConfigError, loadConfig } from '../config.ts'
import { problemsOf } from './support/setting-faults.ts'

const INFLUX = { INFLUXDB_URL: 'http://127.0.0.1:8086', INFLUXDB_ORG: 'edge', INFLUXDB_BUCKET: 'pops' }

const PORT = 'a TCP port (0 picks a free one), a whole number from 0 to 65535'
const LEVELS = 'one of fatal, error, warn, info, debug, trace, silent'
const PROXIES = 'comma-separated addresses or CIDR ranges of the proxies whose X-Forwarded-For is believed'
const ENGINES = 'a redis:// or rediss:// URL, with user name and password where it takes them'
const URLS = 'an http:// or https:// URL without user name and password, e.g. http://127.0.0.1:8086'
const BUCKETS = 'the bucket, or database/retention-policy for 1.x'
const NOT_AN_ADDRESS = 'is not an address (true and hop counts would believe anyone)'

const WORKERS_ACCEPTED = 'a whole number from 1 to 64, or auto: as many as there are cores'

const ALLOWED = 'must be equal to one of the allowed values'

t.test('defaults', async (t) => {
  t.strictSame(loadConfig({}), {
    HOST: '127.0.0.1',
    PORT: 3001,
    WORKERS: 1,
    LOG_LEVEL: 'info',
    AUTH: 'none',
    JWT_TOLERANCE_MS: 0,
    METRICS_SOURCE: 'demo',
    INFLUXDB_QUERY_LANGUAGE: 'flux',
    INFLUXDB_MEASUREMENT: 'cold_start_metrics',
    INFLUXDB_FIELD: 'cold_start_time_ms',
    INFLUXDB_POP_TAG: 'pop_code',
    INFLUXDB_FUNCTION_TAG: 'function_name',
    INFLUXDB_CITY_TAG: 'city',
    INFLUXDB_COUNTRY_TAG: 'country',
    INFLUXDB_TIER_TAG: 'tier',
    INFLUXDB_LATITUDE: 'latitude',
    INFLUXDB_LONGITUDE: 'longitude',
    INFLUXDB_UNIT: 'ms',
    INFLUXDB_MAX_ROWS: 100_000,
    POLL: 'on-demand',
    WINDOW_MAX_ROWS: 1_000_000,
    WINDOW_MAX_BYTES: 67_108_864,
    NEW_NORMAL_AFTER_MS: 86_400_000,
    MIN_DEVIATION_MS: 0.5,
    BROADCAST_INTERVAL_MS: 10_000,
    QUERY_TIMEOUT_MS: 5_000,
    DEMO_POPS: 20,
    HEALTHY_BELOW_MS: 10,
    OVERVIEW_WINDOW_MS: 600_000,
    PING_INTERVAL_MS: 25_000,
    STALE_AFTER_MS: 300_000,
    MAX_MISSED_PINGS: 2,
    STATS_LOG_INTERVAL_MS: 60_000,
    METRICS_PER_POP: 0,
    OTEL_SERVICE_NAME: 'popcast',
    MAX_CONNECTIONS: 10_000,
    MAX_CONNECTIONS_PER_ADDRESS: 0,
    MAX_MESSAGE_BYTES: 16_384,
    MAX_BUFFERED_BYTES: 1_048_576,
    SLOW_CLIENT_TIMEOUT_MS: 30_000,
    UPGRADE_RATE_LIMIT: 0,
    COMPRESSION: 'on',
    COMPRESSION_THRESHOLD_BYTES: 1_024,
    UPDATE_LOG_COUNT: 360,
    UPDATE_LOG_BYTES: 1_048_576,
    CLUSTER_NAME: 'popcast',
    MAX_POPS_FILTERS: 100,
    DRAIN_DELAY_MS: 0,
    DRAIN_TIMEOUT_MS: 3_000
  })
})

t.test('values', async (t) => {
  const cases: Array<{ name: string, env: Record<string, string>, expected: Record<string, unknown> }> = [
    {
      name: 'a token with a line break behind it, as files have',
      env: { ...INFLUX, INFLUXDB_TOKEN: ' user:hunter2\r\n' },
      expected: { INFLUXDB_TOKEN: 'user:hunter2' }
    },
    {
      name: 'names of a database that others fill',
      env: { ...INFLUX, INFLUXDB_UNIT: 'us', INFLUXDB_CITY_TAG: 'town', INFLUXDB_FILTER: 'env=prod,host=a\\,b' },
      expected: { INFLUXDB_UNIT: 'us', INFLUXDB_CITY_TAG: 'town', INFLUXDB_FILTER: 'env=prod,host=a\\,b' }
    },
    {
      name: 'numbers become numbers',
      env: { PORT: '8080', HEALTHY_BELOW_MS: '12.5', DEMO_SEED: '0' },
      expected: { PORT: 8080, HEALTHY_BELOW_MS: 12.5, DEMO_SEED: 0 }
    },
    {
      name: 'the ends of a range',
      env: { PORT: '65535', DRAIN_TIMEOUT_MS: '9000', DEMO_POPS: '2000' },
      expected: { PORT: 65_535, DRAIN_TIMEOUT_MS: 9_000, DEMO_POPS: 2_000 }
    },
    { name: 'so many workers', env: { WORKERS: '64' }, expected: { WORKERS: 64 } },
    { name: 'as many workers as cores', env: { WORKERS: 'auto' }, expected: { WORKERS: availableParallelism() } },
    {
      name: 'empty and blank count as unset',
      env: { PORT: '', HOST: '  ', INFLUXDB_URL: '', METRICS_SOURCE: '' },
      expected: { PORT: 3001, HOST: '127.0.0.1', METRICS_SOURCE: 'demo', INFLUXDB_URL: undefined }
    },
    { name: 'a URL makes it influxdb', env: INFLUX, expected: { ...INFLUX, METRICS_SOURCE: 'influxdb' } },
    {
      name: 'a URL and demo all the same',
      env: { INFLUXDB_URL: 'http://127.0.0.1:8086', METRICS_SOURCE: 'demo' },
      expected: { METRICS_SOURCE: 'demo' }
    },
    {
      name: 'influxql goes without an organisation',
      env: { INFLUXDB_URL: 'https://db/influx', INFLUXDB_BUCKET: 'pops/two_weeks', INFLUXDB_QUERY_LANGUAGE: 'influxql' },
      expected: { METRICS_SOURCE: 'influxdb', INFLUXDB_ORG: undefined }
    },
    {
      name: 'a timeout just below the interval',
      env: { BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: '999' },
      expected: { QUERY_TIMEOUT_MS: 999 }
    },
    {
      name: 'STALE_AFTER_MS may equal PING_INTERVAL_MS',
      env: { PING_INTERVAL_MS: '5000', STALE_AFTER_MS: '5000' },
      expected: { STALE_AFTER_MS: 5_000 }
    },
    {
      name: 'others can reach it, so readiness says 503 for a while',
      env: { HOST: '0.0.0.0', AUTH: 'none' },
      expected: { DRAIN_DELAY_MS: 5_000 }
    },
    {
      name: 'a drain delay that is set',
      env: { HOST: '::', AUTH: 'none', DRAIN_DELAY_MS: '0' },
      expected: { DRAIN_DELAY_MS: 0 }
    },
    { name: 'nobody else can reach ::1', env: { HOST: '::1' }, expected: { DRAIN_DELAY_MS: 0 } },
    {
      name: 'proxies',
      env: { TRUST_PROXY: '10.0.0.0/8, 127.0.0.1,fd00::/8,::1/128' },
      expected: { TRUST_PROXY: '10.0.0.0/8, 127.0.0.1,fd00::/8,::1/128' }
    }
  ]
  for (const { name, env, expected } of cases) {
    const config = loadConfig(env) as unknown as Record<string, unknown>
    t.strictSame(Object.fromEntries(Object.keys(expected).map((variable) => [variable, config[variable]])), expected, name)
  }
})

t.test('variables that are no settings are ignored', async (t) => {
  t.strictSame(loadConfig({ PATH: '/bin', port: '1', constructor: 'x', toString: 'y', INFLUXDB_PASSWORD: 'x' }), loadConfig({}))
})

t.test('wrong values name the variable, the fault and what is accepted', async (t) => {
  type Case = [name: string, env: Record<string, string>, ...problem: [string, string, string]]
  const cases: Case[] = [
    [
      'a token in two lines',
      { ...INFLUX, INFLUXDB_TOKEN: 'hunter\n2' },
      'INFLUXDB_TOKEN',
      'has control characters in it',
      'an API token, or user:password for InfluxDB 1.x'
    ],
    ['unit', { INFLUXDB_UNIT: 'm' }, 'INFLUXDB_UNIT', `"m" ${ALLOWED}`, 'what the field counts, one of ns, us, ms, s'],
    [
      'one tag for PoP and function',
      { ...INFLUX, INFLUXDB_FUNCTION_TAG: 'pop_code' },
      'INFLUXDB_FUNCTION_TAG',
      '"pop_code" is INFLUXDB_POP_TAG as well',
      'the name of the tag that holds the function, without control characters'
    ],
    [
      'one name for latitude and longitude',
      { ...INFLUX, INFLUXDB_LATITUDE: 'longitude' },
      'INFLUXDB_LONGITUDE',
      '"longitude" is INFLUXDB_LATITUDE as well',
      'the name of the tag or field that holds the longitude, without control characters'
    ],
    [
      'a tag called _time',
      { ...INFLUX, INFLUXDB_CITY_TAG: '_time' },
      'INFLUXDB_CITY_TAG',
      '"_time" is a name of InfluxDB\'s own (time, _time, _value, _field, _measurement, _start, _stop)',
      'the name of the tag that holds the city, without control characters'
    ],
    [
      'a filter without a value',
      { ...INFLUX, INFLUXDB_FILTER: 'env=prod, host' },
      'INFLUXDB_FILTER',
      '"host" is not tag=value',
      'tag=value, several separated by commas, with a backslash before commas, equals signs and spaces in them'
    ],
    [
      'a file of authorities that is not there',
      { ...INFLUX, INFLUXDB_URL: 'https://db', INFLUXDB_CA_FILE: '/nowhere/ca.pem' },
      'INFLUXDB_CA_FILE',
      "ENOENT: no such file or directory, open '/nowhere/ca.pem'",
      'a file with certificates (PEM) of authorities that are trusted in addition to the usual ones'
    ],
    [
      'a file of authorities that holds something else',
      { ...INFLUX, INFLUXDB_URL: 'https://db', INFLUXDB_CA_FILE: 'package.json' },
      'INFLUXDB_CA_FILE',
      'package.json holds no certificate in PEM',
      'a file with certificates (PEM) of authorities that are trusted in addition to the usual ones'
    ],
    [
      'authorities without TLS',
      { ...INFLUX, INFLUXDB_CA_FILE: 'test/fixtures/authority.pem' },
      'INFLUXDB_CA_FILE',
      'is set, and INFLUXDB_URL is not an https:// URL',
      'a file with certificates (PEM) of authorities that are trusted in addition to the usual ones'
    ],
    ['no number', { PORT: 'http' }, 'PORT', '"http" must be integer', PORT],
    ['no whole number', { PORT: '80.5' }, 'PORT', '"80.5" must be integer', PORT],
    ['too large', { PORT: '65536' }, 'PORT', '"65536" must be <= 65535', PORT],
    ['negative', { PORT: '-1' }, 'PORT', '"-1" must be >= 0', PORT],
    [
      'a duration with a unit',
      { PING_INTERVAL_MS: '25s' },
      'PING_INTERVAL_MS',
      '"25s" must be integer',
      'milliseconds, a whole number from 100 to 86400000'
    ],
    [
      'not above 0',
      { HEALTHY_BELOW_MS: '0' },
      'HEALTHY_BELOW_MS',
      '"0" must be > 0',
      'milliseconds, a number above 0 up to 86400000'
    ],
    [
      'a seed above 32 bits',
      { DEMO_SEED: '4294967296' },
      'DEMO_SEED',
      '"4294967296" must be <= 4294967295',
      'a whole number from 0 to 4294967295'
    ],
    [
      'a drain that outlasts Fastify',
      { DRAIN_TIMEOUT_MS: '9001' },
      'DRAIN_TIMEOUT_MS',
      '"9001" must be <= 9000',
      'milliseconds, a whole number from 0 to 9000'
    ],
    ['unknown level', { LOG_LEVEL: 'INFO' }, 'LOG_LEVEL', `"INFO" ${ALLOWED}`, LEVELS],
    ['unknown source', { METRICS_SOURCE: 'influx' }, 'METRICS_SOURCE', `"influx" ${ALLOWED}`, 'one of influxdb, demo'],
    [
      'unknown language',
      { INFLUXDB_QUERY_LANGUAGE: 'sql' },
      'INFLUXDB_QUERY_LANGUAGE',
      `"sql" ${ALLOWED}`,
      'one of flux, influxql'
    ],
    [
      'a name with a line break',
      { INFLUXDB_FIELD: 'a\nb' },
      'INFLUXDB_FIELD',
      '"a\\nb" must match pattern "^[^\\u0000-\\u001f\\u007f]+$"',
      'the name of the field that holds the latency in ms, without control characters'
    ],
    ['TRUST_PROXY true', { TRUST_PROXY: 'true' }, 'TRUST_PROXY', `"true" ${NOT_AN_ADDRESS}`, PROXIES],
    ['TRUST_PROXY hop count', { TRUST_PROXY: '1' }, 'TRUST_PROXY', `"1" ${NOT_AN_ADDRESS}`, PROXIES],
    ['TRUST_PROXY bad prefix (IPv4)', { TRUST_PROXY: '10.0.0.0/33' }, 'TRUST_PROXY', `"10.0.0.0/33" ${NOT_AN_ADDRESS}`, PROXIES],
    ['TRUST_PROXY bad prefix (IPv6)', { TRUST_PROXY: '::1/129' }, 'TRUST_PROXY', `"::1/129" ${NOT_AN_ADDRESS}`, PROXIES],
    ['TRUST_PROXY empty prefix', { TRUST_PROXY: '10.0.0.0/' }, 'TRUST_PROXY', `"10.0.0.0/" ${NOT_AN_ADDRESS}`, PROXIES],
    ['TRUST_PROXY host name', { TRUST_PROXY: '127.0.0.1,proxy' }, 'TRUST_PROXY', `"proxy" ${NOT_AN_ADDRESS}`, PROXIES],
    [
      'influxdb without URL',
      { ...INFLUX, INFLUXDB_URL: '', METRICS_SOURCE: 'influxdb' },
      'INFLUXDB_URL',
      'is not set, and METRICS_SOURCE is influxdb',
      URLS
    ],
    [
      'influxdb without bucket',
      { ...INFLUX, INFLUXDB_BUCKET: '' },
      'INFLUXDB_BUCKET',
      'is not set, and METRICS_SOURCE is influxdb',
      BUCKETS
    ],
    [
      'flux without org',
      { ...INFLUX, INFLUXDB_ORG: '' },
      'INFLUXDB_ORG',
      'is not set, and INFLUXDB_QUERY_LANGUAGE is flux',
      'the organisation (any text for 1.8)'
    ],
    ['URL that cannot be parsed', { ...INFLUX, INFLUXDB_URL: 'influx.local' }, 'INFLUXDB_URL', 'cannot be parsed as a URL', URLS],
    [
      'URL with an impossible port',
      { ...INFLUX, INFLUXDB_URL: 'http://db:99999' },
      'INFLUXDB_URL',
      'cannot be parsed as a URL',
      URLS
    ],
    ['URL of FTP', { ...INFLUX, INFLUXDB_URL: 'ftp://db' }, 'INFLUXDB_URL', 'has the protocol "ftp:"', URLS],
    [
      'URL with a password',
      { ...INFLUX, INFLUXDB_URL: 'http://u:p@db' },
      'INFLUXDB_URL',
      'holds a user name or password, which belong into INFLUXDB_TOKEN',
      URLS
    ],
    [
      'URL with a password alone',
      { ...INFLUX, INFLUXDB_URL: 'http://:p@db' },
      'INFLUXDB_URL',
      'holds a user name or password, which belong into INFLUXDB_TOKEN',
      URLS
    ],
    [
      'URL with a user',
      { ...INFLUX, INFLUXDB_URL: 'http://u@db' },
      'INFLUXDB_URL',
      'holds a user name or password, which belong into INFLUXDB_TOKEN',
      URLS
    ],
    ['URL with a query', { ...INFLUX, INFLUXDB_URL: 'http://db?p=secret' }, 'INFLUXDB_URL', 'has a query or a fragment', URLS],
    [
      'URL of the API',
      { ...INFLUX, INFLUXDB_URL: 'http://db/api/v2/' },
      'INFLUXDB_URL',
      'ends with /api/v2, which the client adds by itself',
      URLS
    ],
    [
      'timeout as long as the interval',
      { BROADCAST_INTERVAL_MS: '5000' },
      'QUERY_TIMEOUT_MS',
      '5000 is not below BROADCAST_INTERVAL_MS (5000)',
      'milliseconds below BROADCAST_INTERVAL_MS, so that one query ends before the next begins'
    ],
    [
      'stale before a ping',
      { STALE_AFTER_MS: '24999' },
      'STALE_AFTER_MS',
      '24999 is below PING_INTERVAL_MS (25000)',
      'milliseconds, at least PING_INTERVAL_MS: silence can only be told by an unanswered ping'
    ],
    ['an engine of another kind', { CLUSTER_URL: 'http://u:p@engine' }, 'CLUSTER_URL', 'has the protocol "http:"', ENGINES],
    ['an engine without a protocol', { CLUSTER_URL: 'engine:p@6379' }, 'CLUSTER_URL', 'has the protocol "engine:"', ENGINES],
    ['an engine that is no URL', { CLUSTER_URL: '//engine' }, 'CLUSTER_URL', 'cannot be parsed as a URL', ENGINES],
    ...['0', '65', '1.5', '-1', 'many'].map((WORKERS): Case =>
      [`${WORKERS} workers`, { WORKERS }, 'WORKERS', `"${WORKERS}" is neither a number of workers nor auto`, WORKERS_ACCEPTED]),
    [
      'two homes of the stream',
      { CLUSTER_URL: 'redis://engine', STATE_DIR: '/var/lib/popcast' },
      'STATE_DIR',
      'is set, and CLUSTER_URL as well: the stream has one home',
      'a directory of this process alone, in which the stream survives a restart'
    ]
  ]
  for (const [name, env, variable, fault, accepted] of cases) {
    t.strictSame(problemsOf(env), [{ variable, fault, accepted }], name)
  }
})

t.test('several problems are told together, one a line', async (t) => {
  t.throws(() => loadConfig({ PORT: 'x', LOG_LEVEL: 'y' }), {
    name: 'ConfigError',
    message: `PORT: "x" must be integer; accepted: ${PORT}\nLOG_LEVEL: "y" ${ALLOWED}; accepted: ${LEVELS}`
  })
  const contradictions = problemsOf({
    METRICS_SOURCE: 'influxdb',
    QUERY_TIMEOUT_MS: '10000',
    STALE_AFTER_MS: '100',
    TRUST_PROXY: '2,true'
  })
  t.strictSame(contradictions.map(({ variable }) => variable),
    ['QUERY_TIMEOUT_MS', 'STALE_AFTER_MS', 'TRUST_PROXY', 'TRUST_PROXY', 'INFLUXDB_URL', 'INFLUXDB_BUCKET', 'INFLUXDB_ORG'])
})

t.test('no message holds a secret', async (t) => {
  const cases: Array<[name: string, env: Record<string, string>]> = [
    ['password in the URL', { ...INFLUX, INFLUXDB_URL: 'http://user:hunter2@db:8086' }],
    ['password in an FTP URL', { ...INFLUX, INFLUXDB_URL: 'ftp://user:hunter2@db' }],
    ['password in a URL that cannot be parsed', { ...INFLUX, INFLUXDB_URL: 'http://user:hunter2@db:99999' }],
    ['password in the query', { ...INFLUX, INFLUXDB_URL: 'http://db?p=hunter2' }],
    ['token, and everything else wrong', { METRICS_SOURCE: 'influxdb', INFLUXDB_TOKEN: 'user:hunter2', TRUST_PROXY: 'x' }],
    ['password of the engine', { CLUSTER_URL: 'http://u:hunter2@engine' }],
    ['password of an engine that cannot be parsed', { CLUSTER_URL: 'redis://u:hunter2@engine:99999' }],
    ['token, and a wrong port', { ...INFLUX, INFLUXDB_TOKEN: 'hunter2\n', PORT: 'x' }]
  ]
  for (const [name, env] of cases) {
    const problems = problemsOf(env)
    t.ok(problems.length > 0, `${name}: refused`)
    t.notMatch(new ConfigError(problems).message, 'hunter2', name)
  }
})

t.test('values that Fastify or the overview cannot use', async (t) => {
  for (const [variable, value] of [
    ['TRUST_PROXY', '0.0.0.0/0'],
    ['TRUST_PROXY', '::/0'],
    ['TRUST_PROXY', '10.0.0.0/8/8'],
    ['HEALTHY_BELOW_MS', 'Infinity']
  ] as const) {
    t.strictSame(
      problemsOf({ [variable]: value }).map((problem) => problem.variable),
      [variable],
      `${variable}=${value}`
    )
  }
})
