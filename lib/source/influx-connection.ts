import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { HttpError, InfluxDB, type CommunicationObserver, type Headers, type SendOptions } from '@influxdata/influxdb-client'
import { SourceError, type SourceFailure } from './source-error.ts'

/** An answer may have this many bytes; popcast asks for aggregates, so a longer one is not an answer to its question. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024
const MAX_ERROR_BYTES = 64 * 1024
/** One tick has at most two queries under way; the rest is room for a ping. */
const MAX_SOCKETS = 4
const MAX_LOGGED_CHARACTERS = 300

type Callbacks = Partial<CommunicationObserver<Uint8Array>>

export interface InfluxConnectionOptions {
  url: string
  /** An API token, or `user:password`. */
  token?: string | undefined
  queryLanguage: 'flux' | 'influxql'
  /** Total time that any one call may take, from its begin to the last byte of the answer. */
  timeoutMs: number
}

/**
 * The one InfluxDB client of the process, with what the client lacks: a total deadline that closes the socket, a
 * bound on the answer's size, and a check that the answer is one of InfluxDB's and is whole. Every call of the
 * client's APIs (QueryApi, WriteApi, transport.request) goes through it and fails with a `SourceError`.
 */
export class InfluxConnection {
  readonly client: InfluxDB
  readonly #agent: HttpAgent
  readonly #secrets: string[]
  readonly #timeoutMs: number
  readonly #underWay = new Set<(error: SourceError) => void>()
  #closed = false

  constructor ({ url, token, queryLanguage, timeoutMs }: InfluxConnectionOptions) {
    // No `timeout`: a free socket stays until the server ends it, so it outlives any interval between two ticks.
    const agentOptions = { keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: MAX_SOCKETS }
    this.#agent = url.startsWith('https:') ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions)
    this.#timeoutMs = timeoutMs
    this.#secrets = secretsOf(token)
    this.client = new InfluxDB({
      url,
      // The client's own timeout is about idle sockets and leaves them open: ours must always come first.
      timeout: timeoutMs * 2,
      transportOptions: {
        agent: this.#agent,
        // The client's hook for another way to make requests; this one is the usual way, bounded.
        'follow-redirects': { http: { request: boundErrors(httpRequest) }, https: { request: boundErrors(httpsRequest) } }
      },
      ...credentials(token, queryLanguage)
    })
    this.#guardTransport()
  }

  /** Whether an InfluxDB answers: `GET /ping` reads no data. @throws {SourceError} */
  async ping (): Promise<void> {
    await this.client.transport.request('/ping', '', { method: 'GET', headers: { accept: 'text/plain' } })
  }

  /** Fails what is under way and closes every socket. */
  async close (): Promise<void> {
    this.#closed = true
    for (const fail of this.#underWay) fail(new SourceError('unavailable', 'the connection was closed'))
    this.#agent.destroy()
  }

  /** Puts any failure into the four reasons; words of the database are shortened and cleared of secrets. */
  classify (error: unknown): SourceError {
    if (error instanceof SourceError) return error
    if (error instanceof HttpError) {
      return new SourceError(reasonOfStatus(error.statusCode), this.#clean(`HTTP ${error.statusCode}: ${error.message}`))
    }
    if (error instanceof SyntaxError) return new SourceError('bad_answer', 'the answer is not JSON')
    if (error instanceof TypeError) return new SourceError('bad_answer', `the answer has another shape: ${error.message}`)
    const { code, message } = error as NodeJS.ErrnoException
    return new SourceError('unavailable', this.#clean(code === undefined ? message : `${code}: ${message}`))
  }

  #clean (message: string): string {
    return this.#secrets
      .reduce((text, secret) => text.replaceAll(secret, '***'), message)
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, MAX_LOGGED_CHARACTERS)
  }

  #guardTransport (): void {
    const { transport } = this.client
    const send = transport.send.bind(transport)
    // QueryApi's collecting calls, WriteApi and transport.request all end up in this one method.
    transport.send = (path: string, body: string, options: SendOptions, callbacks: Callbacks = {}) => {
      const controller = new AbortController()
      const guarded = this.#guard(path, callbacks, () => controller.abort())
      if (guarded !== null) send(path, body, { ...options, signal: controller.signal }, guarded)
    }
  }

  /** @returns the callbacks to hand to the transport, or null when the call has already failed */
  #guard (path: string, callbacks: Callbacks, abort: () => void): Callbacks | null {
    let bytes = 0
    // The client joins what it has with every chunk of JSON that comes, which takes seconds for some ten megabytes.
    const chunks: Uint8Array[] | null = path.startsWith('/query') ? [] : null
    const settle = () => {
      clearTimeout(deadline)
      return this.#underWay.delete(fail)
    }
    const fail = (error: unknown) => {
      if (!settle()) return
      abort()
      callbacks.error?.(this.classify(error))
    }
    const deadline = setTimeout(
      () => fail(new SourceError('timeout', `no complete answer within ${this.#timeoutMs} ms`)),
      this.#timeoutMs
    )
    this.#underWay.add(fail)
    if (this.#closed) {
      fail(new SourceError('unavailable', 'the connection is closed'))
      return null
    }
    return {
      ...callbacks,
      responseStarted (headers, statusCode = 0) {
        const fault = statusCode < 300 ? faultOf(path, headers, statusCode) : null
        if (fault !== null) fail(new SourceError('bad_answer', fault))
        else callbacks.responseStarted?.(headers, statusCode)
      },
      next (chunk) {
        bytes += chunk.length
        if (bytes > MAX_ANSWER_BYTES) fail(new SourceError('bad_answer', `the answer has more than ${MAX_ANSWER_BYTES} bytes`))
        else if (chunks === null) return callbacks.next?.(chunk)
        else chunks.push(chunk)
      },
      error: fail,
      complete () {
        if (!settle()) return
        if (chunks !== null) callbacks.next?.(Buffer.concat(chunks))
        callbacks.complete?.()
      }
    }
  }
}

/**
 * InfluxDB 1.x takes user and password as Basic credentials everywhere;
 * `Token user:password` only from 1.8 on, under /api/v2.
 */
function credentials (token: string | undefined, queryLanguage: InfluxConnectionOptions['queryLanguage']) {
  if (token === undefined) return {}
  if (queryLanguage === 'flux' || !token.includes(':')) return { token }
  return { headers: { authorization: `Basic ${Buffer.from(token).toString('base64')}` } }
}

function secretsOf (token: string | undefined): string[] {
  if (token === undefined) return []
  const password = token.slice(token.indexOf(':') + 1)
  return [token, encodeURIComponent(token), Buffer.from(token).toString('base64'), ...(password.length > 3 ? [password] : [])]
}

function reasonOfStatus (statusCode: number): SourceFailure {
  if (statusCode === 401 || statusCode === 403) return 'unauthorized'
  if (statusCode === 429 || statusCode >= 500) return 'unavailable'
  return 'bad_answer'
}

/** The client keeps the whole body of an error, however long it gets, and shows it to nobody before its end. */
function boundErrors (request: typeof httpRequest) {
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
function faultOf (path: string, headers: Headers, statusCode: number): string | null {
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
