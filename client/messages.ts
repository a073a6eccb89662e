import type { ServerMessage } from '../lib/protocol/server-messages.ts'
import { PopcastError } from './errors.ts'

const PROTOCOL_VERSION = 1

/** The last event of a stream: what a WebSocket says with its close frame. */
export interface CloseMessage { readonly type: 'close', readonly code: number, readonly reason: string }

/** By example: a field is of the type that it has here, and what is not here is not looked at. */
type Shape = string | number | boolean | readonly [Shape] | { readonly [field: string]: Shape }

const position = { epoch: '', seq: 0 }
const update = { ...position, polledAt: '', status: '', nextPollAt: '' }
const alert = { id: '', pop: '', state: '', severity: '', since: '', message: '' }

const shapes: Record<string, Shape> = {
  welcome: { ...position, data: { timestamp: '' }, source: '', intervalMs: 0, heartbeatMs: 0 },
  subscription_confirmed: { ...position, topics: [''], headSeq: 0 },
  metrics_update: { ...update, data: { totalPops: 0, healthyPops: 0, averageColdStart: 0, regressions: 0 }, silentPops: 0 },
  pops_update: { ...update, data: { pops: [{ code: '', coldStartMs: 0, healthy: true, status: '', regression: '' }] } },
  pops_delta: { ...update, baseSeq: 0, data: { changed: [{ code: '' }], removed: [''] } },
  alert: { ...position, data: alert, tickSeq: 0 },
  open_alerts: { ...position, data: { alerts: [alert] } },
  error: { code: '', data: { message: '', timestamp: '' } },
  pong: { ...position, timestamp: '' },
  server_shutdown: { retryAfterMs: 0 },
  close: { code: 0, reason: '' }
}

/** @returns BAD_MESSAGE or UNSUPPORTED_VERSION when it cannot be understood */
export function parseMessage (text: unknown): ServerMessage | CloseMessage | PopcastError {
  let message
  try {
    message = JSON.parse(text as string)
  } catch {}
  if (!fits(message, { type: '' })) return new PopcastError('BAD_MESSAGE', 'not JSON with a type')
  const { type, delta, protocol } = message
  if (type === 'welcome' && protocol !== PROTOCOL_VERSION) {
    return new PopcastError('UNSUPPORTED_VERSION', `protocol ${protocol}`)
  }
  const shape = shapes[type === 'pops_update' && delta ? 'pops_delta' : type]
  return shape === undefined || fits(message, shape) ? message : new PopcastError('BAD_MESSAGE', `no ${type}`)
}

function fits (value: any, shape: Shape): boolean {
  if (typeof value !== typeof shape || value === null) return false
  if (Array.isArray(shape)) return Array.isArray(value) && value.every((one) => fits(one, shape[0]))
  return typeof shape !== 'object' || Object.entries(shape).every(([field, type]) => fits(value[field], type))
}
