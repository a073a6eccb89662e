import type { request as httpRequest, IncomingMessage, RequestOptions } from 'node:http'
import type { Headers } from '@influxdata/influxdb-client'
import { SourceError } from '../source-error.ts'
import { reasonOfStatus } from './failures.ts'

const MAX_ERROR_BYTES = 64 * 1024

/** The client keeps the whole body of an error, however long it gets, and shows it to nobody before its end. */
export function boundErrors (request: typeof httpRequest) {
  return (options: RequestOptions, callback: (response: IncomingMessage) => void) => request(options, (response) => {
    const { statusCode = 0 } = response
    let bytes = 0
    if (statusCode >= 300) {
      response.on('data', ({ length }: Buffer) => {
        bytes += length
        if (bytes > MAX_ERROR_BYTES) {
          response.destroy(
            new SourceError(reasonOfStatus(statusCode), `HTTP ${statusCode} with more than ${MAX_ERROR_BYTES} bytes`)
          )
        }
      })
    }
    callback(response)
  })
}

const contentTypes: Array<[path: string, contentType: string]> = [['/api/v2/query', 'text/csv'], ['/query', 'application/json']]

/** What is wrong with a successful answer, judged by its headers; null when nothing is. */
export function faultOf (path: string, headers: Headers, statusCode: number): string | null {
  const contentType = String(headers['content-type'] ?? 'none')
  const expected = contentTypes.find(([prefix]) => path.startsWith(prefix))?.[1]
  if (expected !== undefined ? !contentType.startsWith(expected) : contentType.startsWith('text/html')) {
    return `the answer has the content type ${contentType}: is INFLUXDB_URL an InfluxDB, and no login page or proxy?`
  }
  // RFC 9112 6.3: without either, the body ends where the connection does, so a cut one looks whole.
  const delimited = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
  if (statusCode !== 204 && !delimited) {
    return 'the answer has neither Content-Length nor chunks, so a cut one could not be told from a whole one'
  }
  return null
}
