/** What is in a database, and which samples are read of it. */
export interface DatabaseSamples {
  name: string
  /** Settings of this row. */
  env?: Record<string, string>
  /** Line protocol without the measurement; times in seconds from NOW. */
  lines: string[]
  /** `pop/function time value`, as they are sorted. */
  samples: string[]
  ignored?: number | { influxql: number, flux: number }
}

export const samplesInDatabases: DatabaseSamples[] = [
  {
    name: 'floats',
    lines: [
      'pop_code=fra1,function_name=auth V=4.5 -10',
      'pop_code=fra1,function_name=auth V=5 0',
      'pop_code=ams1,function_name=b V=6 1'
    ],
    samples: ['ams1/b 1 6', 'fra1/auth -10 4.5', 'fra1/auth 0 5']
  },
  { name: 'integers', lines: ['pop_code=fra1,function_name=auth V=5i 0'], samples: ['fra1/auth 0 5'] },
  {
    name: 'outside of the range',
    lines: ['pop_code=fra1 V=1 -61', 'pop_code=fra1 V=2 -60', 'pop_code=fra1 V=3 59', 'pop_code=fra1 V=4 60'],
    samples: ['fra1/ -60 2', 'fra1/ 59 3']
  },
  { name: 'no function', lines: ['pop_code=fra1 V=5 0'], samples: ['fra1/ 0 5'] },
  { name: 'no PoP', lines: ['function_name=auth V=5 0', 'pop_code=fra1 V=6 0'], samples: ['fra1/ 0 6'] },
  {
    name: 'integers, then floats in the next shard',
    lines: ['pop_code=fra1 V=5i -1', 'pop_code=fra1 V=5.5 1', 'pop_code=ams1 V=6.5 2'],
    samples: ['ams1/ 2 6.5', 'fra1/ -1 5', 'fra1/ 1 5.5']
  },
  {
    name: 'floats, then integers in the next shard',
    lines: ['pop_code=fra1 V=5.5 -1', 'pop_code=fra1 V=5i 1'],
    samples: ['fra1/ -1 5.5', 'fra1/ 1 5']
  },
  {
    name: 'overflow by the unit',
    env: { INFLUXDB_UNIT: 's' },
    lines: ['pop_code=a V=1e308 0', 'pop_code=b V=2 0'],
    samples: ['b/ 0 2000'],
    ignored: 1
  },
  { name: 'a large number', lines: ['pop_code=a V=1e308 0', 'pop_code=b V=2 0'], samples: ['a/ 0 1e+308', 'b/ 0 2'] },
  { name: 'ns', env: { INFLUXDB_UNIT: 'ns' }, lines: ['pop_code=a V=4567000i 0'], samples: ['a/ 0 4.567'] },
  { name: 'us', env: { INFLUXDB_UNIT: 'us' }, lines: ['pop_code=a V=40i 0'], samples: ['a/ 0 0.04'] },
  { name: 's', env: { INFLUXDB_UNIT: 's' }, lines: ['pop_code=a V=0.0123 0'], samples: ['a/ 0 12.3'] },
  {
    name: 'a filter with two tags and two values of one',
    env: { INFLUXDB_FILTER: 'env=prod, host=a,host=b' },
    lines: [
      'pop_code=p,env=prod,host=a V=1 0',
      'pop_code=q,env=prod,host=b V=2 0',
      'pop_code=r,env=prod,host=c V=3 0',
      'pop_code=s,env=test,host=a V=4 0'
    ],
    samples: ['p/ 0 1', 'q/ 0 2']
  },
  {
    name: 'a filter with everything that is escaped',
    env: { INFLUXDB_FILTER: 'the\\ tag\\=\\,=it\'s\\ "a\\,b\\=c"\\d' },
    lines: ['pop_code=p,the\\ tag\\=\\,=it\'s\\ "a\\,b\\=c"\\d V=1 0', 'pop_code=q,the\\ tag\\=\\,=else V=2 0'],
    samples: ['p/ 0 1']
  },
  {
    name: 'tags that Flux has columns of, and one like the field',
    env: { INFLUXDB_POP_TAG: 'result', INFLUXDB_FUNCTION_TAG: 'table', INFLUXDB_CITY_TAG: 'error' },
    lines: ['result=fra1,table=auth,error=x,cold_start_time_ms=y V=5 0', 'result=ams1,table=auth V=6 0'],
    samples: ['ams1/auth 0 6', 'fra1/auth 0 5']
  },
  {
    name: 'a PoP tag of the name of the field',
    env: { INFLUXDB_POP_TAG: 'cold_start_time_ms' },
    lines: ['cold_start_time_ms=fra1 V=5 0'],
    samples: ['fra1/ 0 5']
  },
  {
    name: 'a filter tag of the name of the field',
    env: { INFLUXDB_FILTER: 'cold_start_time_ms=y' },
    lines: ['pop_code=a,cold_start_time_ms=y V=5 0', 'pop_code=b V=6 0'],
    samples: ['a/ 0 5']
  },
  {
    name: 'names that need quotes',
    env: { INFLUXDB_POP_TAG: 'the "pop"', INFLUXDB_FIELD: 'cold "st\\art"' },
    lines: ['the\\ "pop"=we"ird\\,\\ 1,function_name=a\\b cold\\ "st\\art"=5 0'],
    samples: ['we"ird, 1/a\\b 0 5']
  },
  { name: 'letters of the world', lines: ['pop_code=zürich,function_name=検索 V=5 0'], samples: ['zürich/検索 0 5'] },
  {
    name: 'one tag for PoP and city',
    env: { INFLUXDB_CITY_TAG: 'pop_code' },
    lines: ['pop_code=Paris V=5 0'],
    samples: ['Paris/ 0 5']
  },
  {
    name: 'strings in the earlier shard',
    lines: ['pop_code=a V="5" -1', 'pop_code=a V=6 1'],
    samples: ['a/ 1 6'],
    // InfluxQL chooses the numbers by itself.
    ignored: { influxql: 0, flux: 1 }
  }
]
