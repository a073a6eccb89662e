import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Test } from 'tap'
import { SourceError } from '../../lib/source/source-error.ts'

/** A request as the database got it. */
export interface InfluxRequest {
  method: string
  path: string
  parameters: URLSearchParams
  headers: IncomingHttpHeaders
  body: string
  socket: Socket
}

/** An answer as it was recorded from a real server. */
export interface RecordedAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

/** Does with one request what the test wants; it need not answer. */
export type Script = (response: ServerResponse, request: InfluxRequest) => void

/** An HTTP server in place of InfluxDB, on a port of its own. It does what its script says, request by request. */
export class FakeInflux {
  readonly requests: InfluxRequest[] = []
  readonly sockets: Socket[] = []
  script: Script = (response) => { response.writeHead(204).end() }
  readonly #server = createServer(async (message, response) => {
    let body = ''
    for await (const chunk of message.setEncoding('utf8')) body += chunk
    const { pathname: path, searchParams: parameters } = new URL(message.url ?? '', 'http://fake')
    const request = { method: message.method ?? '', path, parameters, headers: message.headers, body, socket: message.socket }
    this.requests.push(request)
    this.script(response, request)
  })

  /** Listens until the test has ended. */
  static async start (t: Test): Promise<FakeInflux> {
    const influx = new FakeInflux()
    // An idle connection stays until the client ends it, so that a test can tell who did.
    influx.#server.keepAliveTimeout = 0
    influx.#server.on('connection', (socket) => {
      influx.sockets.push(socket)
      // A client that gives up resets the connection; that is its right.
      socket.on('error', () => {})
    })
    await once(influx.#server.listen(0, '127.0.0.1'), 'listening')
    t.teardown(() => influx.stop())
    return influx
  }

  get url (): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** From now on every request gets this answer. */
  replay (answer: RecordedAnswer): void {
    this.script = (response) => { response.writeHead(answer.status, answer.headers).end(answer.body) }
  }

  async stop (): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}

/** What a real server answered to popcast's questions: see `recordedFrom` in `test/fixtures/`. */
export function recordedAnswers (fixture: string): Record<string, RecordedAnswer> {
  // The tests run from the compiler's output folder, and the fixtures stay where they are.
  return JSON.parse(readFileSync(new URL(`../../../test/fixtures/${fixture}.json`, import.meta.url), 'utf8')).answers
}

/** The failure that a call ends with. @throws when it ends well, or with anything else */
export async function failureOf (call: Promise<unknown>): Promise<SourceError> {
  const outcome = await call.then((value) => value, (error: unknown) => error)
  if (outcome instanceof SourceError) return outcome
  throw new Error('not a SourceError', { cause: outcome })
}
