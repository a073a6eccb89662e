import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { rootCertificates } from 'node:tls'
import { InfluxDB, type CommunicationObserver, type Headers, type SendOptions } from '@influxdata/influxdb-client'
import { boundErrors, faultOf } from './influx/answers.ts'
import { classify, secretsOf } from './influx/failures.ts'
import { SourceError } from './source-error.ts'

/** An answer that is kept as a whole may have this many bytes; popcast asks for little where it does not read a stream. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024
/** One tick has at most two queries under way; the rest is room for a ping. */
const MAX_SOCKETS = 4
/** After so many bytes of a stream other work has its turn: they take some milliseconds to parse. */
const TURN_BYTES = 64 * 1024

type Callbacks = Partial<CommunicationObserver<Uint8Array>>

export interface InfluxConnectionOptions {
  url: string
  /** An API token, or `user:password`. */
  token?: string | undefined
  queryLanguage: 'flux' | 'influxql'
  /** Certificates (PEM) of authorities that are trusted in addition to the usual ones. */
  authorities?: string | undefined
  /** Total time that any one call may take, from its begin to the last byte of the answer. */
  timeoutMs: number
}

/** What answers a ping says of itself. */
export interface Greeting {
  /** As it says it, e.g. `1.8.10` or `v2.7.11`; null where it does not. */
  version: string | null
  /** Its clock, ms since the epoch, in whole seconds; null where it does not say. */
  date: number | null
}

/** An answer that is taken while it comes. */
export interface AnswerStream {
  maxBytes: number
  /** What it throws fails the call. */
  take (chunk: Uint8Array): void
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
  readonly #send: InfluxDB['transport']['send']
  #closed = false

  constructor ({ url, token, queryLanguage, authorities, timeoutMs }: InfluxConnectionOptions) {
    // No `timeout`: a free socket stays until the server ends it, so it outlives any interval between two ticks.
    const agentOptions = { keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: MAX_SOCKETS }
    const trust = authorities === undefined ? {} : { ca: [...rootCertificates, authorities] }
    this.#agent = url.startsWith('https:') ? new HttpsAgent({ ...agentOptions, ...trust }) : new HttpAgent(agentOptions)
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
    const { transport } = this.client
    this.#send = transport.send.bind(transport)
    // QueryApi's collecting calls, WriteApi and transport.request all end up in this one method.
    transport.send = (path: string, body: string, options: SendOptions, callbacks: Callbacks = {}) =>
      this.#call(path, body, options, path.startsWith('/query') ? joined(callbacks) : callbacks, MAX_ANSWER_BYTES)
  }

  /** Whether an InfluxDB answers, and what it says of itself: `GET /ping` reads no data. @throws {SourceError} */
  async ping (): Promise<Greeting> {
    let headers: Headers = {}
    await this.client.transport.request('/ping', '', { method: 'GET', headers: { accept: 'text/plain' } }, (answered) => {
      headers = answered
    })
    const version = headers['x-influxdb-version']
    const date = Date.parse(String(headers.date))
    return { version: version === undefined ? null : String(version), date: Number.isFinite(date) ? date : null }
  }

  /**
   * One call whose answer is taken while it comes, some at a time, with turns for other work in between.
   * @returns the answer's bytes
   * @throws {SourceError}
   */
  stream (path: string, body: string, options: SendOptions, { maxBytes, take }: AnswerStream): Promise<number> {
    let bytes = 0
    let bytesOfTurn = 0
    return new Promise((resolve, reject) => {
      this.#call(path, body, options, {
        next (chunk) {
          take(chunk)
          bytes += chunk.length
          bytesOfTurn += chunk.length
          if (bytesOfTurn < TURN_BYTES) return true
          bytesOfTurn = 0
          return false
        },
        useResume: setImmediate,
        error: reject,
        complete: () => resolve(bytes)
      }, maxBytes)
    })
  }

  /** Fails what is under way and closes every socket. */
  async close (): Promise<void> {
    this.#closed = true
    for (const fail of this.#underWay) fail(new SourceError('unavailable', 'the connection was closed'))
    this.#agent.destroy()
  }

  /** Puts any failure into the four reasons; words of the database are shortened and cleared of secrets. */
  classify (error: unknown): SourceError {
    return classify(error, this.#secrets)
  }

  #call (path: string, body: string, options: SendOptions, callbacks: Callbacks, maxBytes: number): void {
    const controller = new AbortController()
    // Not at once: to destroy a response while a piece of it is handed over fails where nobody listens.
    const abort = () => { setImmediate(() => controller.abort()) }
    const guarded = this.#guard(path, callbacks, maxBytes, abort)
    if (guarded !== null) this.#send(path, body, { ...options, signal: controller.signal }, guarded)
  }

  /** @returns the callbacks to hand to the transport, or null when the call has already failed */
  #guard (path: string, callbacks: Callbacks, maxBytes: number, abort: () => void): Callbacks | null {
    let bytes = 0
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
      next: (chunk) => {
        if (!this.#underWay.has(fail)) return true
        bytes += chunk.length
        try {
          if (bytes > maxBytes) throw new SourceError('bad_answer', `the answer has more than ${maxBytes} bytes`)
          return callbacks.next?.(chunk)
        } catch (error) {
          fail(error)
          return true
        }
      },
      error: fail,
      complete () {
        if (settle()) callbacks.complete?.()
      }
    }
  }
}

/** The client joins what it has with every chunk of JSON that comes, which takes seconds for some ten megabytes. */
function joined (callbacks: Callbacks): Callbacks {
  const chunks: Uint8Array[] = []
  return {
    ...callbacks,
    next (chunk) { chunks.push(chunk) },
    complete () {
      callbacks.next?.(Buffer.concat(chunks))
      callbacks.complete?.()
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
