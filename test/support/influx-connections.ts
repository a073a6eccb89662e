import type { Test } from 'tap'
import { InfluxConnection, type InfluxConnectionOptions } from '../../lib/source/influx-connection.ts'
import { FakeInflux, type RecordedAnswer } from './fake-influx-server.ts'

export const JSON_ANSWER: RecordedAnswer = {
  status: 200,
  headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
  body: '{"results":[]}'
}
export const CSV: RecordedAnswer = {
  status: 200,
  headers: { 'content-type': 'text/csv; charset=utf-8', 'transfer-encoding': 'chunked' },
  body: '#datatype,string,long,long\r\n#group,false,false,false\r\n#default,latest,,\r\n,result,table,_value\r\n,,0,1\r\n\r\n'
}

/** A fake InfluxDB, a connection to it, and the shortest call. */
export async function setUp (t: Test, options: Partial<InfluxConnectionOptions> = {}) {
  const influx = await FakeInflux.start(t)
  // Unless a test is about the deadline, it is far away.
  const connection = new InfluxConnection({ url: influx.url, queryLanguage: 'influxql', timeoutMs: 20_000, ...options })
  t.teardown(() => connection.close())
  const query = (path = '/query?q=x'): Promise<unknown> =>
    connection.client.transport.request(path, '', { method: 'GET', headers: { accept: 'application/json' } })
  return { influx, connection, query }
}
