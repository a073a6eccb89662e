import type { InfluxDB } from '@influxdata/influxdb-client'
import type { InfluxConfig } from '../config.ts'
import type { Log } from '../lib/log.ts'
import type { InfluxConnection } from '../lib/source/influx-connection.ts'
import { databaseOf } from '../lib/source/influx/schema.ts'
import { BATCH_LINES, type WriteLines } from './writer.ts'
import { SourceError } from '../lib/source/source-error.ts'

const GZIP_ABOVE_BYTES = 1_000

type Target = Pick<InfluxConfig, 'INFLUXDB_QUERY_LANGUAGE' | 'INFLUXDB_ORG' | 'INFLUXDB_BUCKET'>

/**
 * How one batch gets into the InfluxDB of the settings: the client's
 * WriteApi (flux), or the write endpoint of 1.x (influxql).
 */
export function influxWrite (target: Target, connection: InfluxConnection, log: Log): WriteLines {
  const write = target.INFLUXDB_QUERY_LANGUAGE === 'flux'
    ? writeApiWrite(target, connection.client)
    : influxqlWrite(target.INFLUXDB_BUCKET, connection, log)
  return (lines) => write(lines).catch((error) => { throw connection.classify(error) })
}

function writeApiWrite ({ INFLUXDB_ORG = '', INFLUXDB_BUCKET }: Target, client: InfluxDB): WriteLines {
  const api = client.getWriteApi(INFLUXDB_ORG, INFLUXDB_BUCKET, 'ms', {
    // Only `flush` may send, because only its promise tells of a failure: a full batch, a full number of bytes and
    // the flush timer send on their own and forget the lines when that fails.
    batchSize: BATCH_LINES + 1,
    maxBatchBytes: Infinity,
    flushInterval: 0,
    gzipThreshold: GZIP_ABOVE_BYTES,
    maxRetries: 0,
    // What the flush then rejects with; without this the client would log the failure too.
    writeFailed: (error) => Promise.reject(error)
  })
  return async (lines) => {
    for (const line of lines) api.writeRecord(line)
    await api.flush()
  }
}

function influxqlWrite (bucket: string, connection: InfluxConnection, log: Log): WriteLines {
  const { transport } = connection.client
  const path = `/write?${new URLSearchParams({ ...databaseOf(bucket), precision: 'ms' })}`
  let prepared = false
  return async (lines) => {
    // Part of the first write, so that it is tried again like one while the database cannot be reached.
    if (!prepared) await createDatabase(databaseOf(bucket).db, connection, log)
    prepared = true
    let status = 0
    const headers = { 'content-type': 'text/plain; charset=utf-8' }
    await transport.request(
      path,
      lines.join('\n'),
      { method: 'POST', headers, gzipThreshold: GZIP_ABOVE_BYTES },
      (_headers, code = 0) => {
        status = code
      }
    )
    if (status !== 204) throw new SourceError('bad_answer', `HTTP ${status}, and only 204 says that the points are written`)
  }
}

/**
 * Does nothing to a database that exists. One that cannot be created may exist all the
 * same (a user without that right, 3.x): the write will tell.
 */
async function createDatabase (name: string, connection: InfluxConnection, log: Log): Promise<void> {
  const statement = `CREATE DATABASE "${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  try {
    const answer = await connection.client.transport.request(`/query?${new URLSearchParams({ q: statement })}`, '', {
      method: 'POST',
      headers: { accept: 'application/json' }
    })
    const fault = answer?.error ?? answer?.results?.[0]?.error
    if (fault !== undefined) throw new SourceError('bad_answer', fault)
  } catch (error) {
    const { reason, message: detail } = connection.classify(error)
    if (reason === 'unavailable' || reason === 'timeout') throw error
    log.warn(
      { event: 'database_not_created', database: name, reason, detail },
      'the database could not be created; writing works if it exists'
    )
  }
}
