import type { AddressInfo } from 'node:net'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import { buildApp, type Overrides } from '../../app.ts'
import { loadConfig } from '../../config.ts'
import { TestClient } from './client.ts'
import type { Line } from './fake-log.ts'
import { collectLines } from './log-lines.ts'

/** Ticks fast, so that a test need not wait for the defaults. */
const FAST = { BROADCAST_INTERVAL_MS: '100', QUERY_TIMEOUT_MS: '90', DEMO_SEED: '1', DRAIN_TIMEOUT_MS: '300' }

export interface TestApp {
  app: FastifyInstance
  port: number
  /** Everything that was logged, from debug up. */
  lines: Line[]
  /** Resolves with the first line of this event, logged already or later. */
  logged (event: string, where?: (line: Line) => boolean): Promise<Line>
  /** Opens a client at `path`; it is closed with the test. */
  connect (path?: string, headers?: Record<string, string>): Promise<TestClient>
}

/** The whole service on a free port of 127.0.0.1, on the demo source unless `env` says otherwise. */
export async function build (t: Test, env: Record<string, string | undefined> = {}, overrides: Overrides = {}): Promise<TestApp> {
  const { lines, logged, write } = collectLines()
  const logger = pino({ level: env.LOG_LEVEL ?? 'debug' }, { write }) as FastifyBaseLogger
  const app = await buildApp(loadConfig({ ...FAST, ...env }), { logger, ...overrides })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const connect = async (path = '/ws', headers = {}) => {
    const client = await TestClient.open(`ws://127.0.0.1:${port}${path}`, { headers })
    t.teardown(() => client.socket.terminate())
    return client
  }
  return { app, port, lines, logged, connect }
}

/** Resolves when `object[method]` was called `times` times from now on. The calls go through. */
export function called<Method extends string> (
  object: Record<Method, (...args: never[]) => unknown>,
  method: Method,
  times: number
): Promise<void> {
  const original = object[method].bind(object)
  let count = 0
  return new Promise((resolve) => {
    object[method] = (...args) => {
      if (++count === times) resolve()
      return original(...args)
    }
  })
}
