import type { Test } from 'tap'
import type { ServerMessage, MetricsUpdateMessage } from '../../lib/protocol/server-messages.ts'
import { TestClient } from './client.ts'
import { portOf, startService, type Service } from './service.ts'

/** So many that some are regressed at any time, once what was usual is known. */
export const ENV = {
  BROADCAST_INTERVAL_MS: '200',
  QUERY_TIMEOUT_MS: '150',
  DEMO_POPS: '200',
  DEMO_SEED: '7',
  DRAIN_DELAY_MS: '0',
  POLL: 'always'
}

export async function start (t: Test, STATE_DIR: string, env: Record<string, string> = {}) {
  const service = startService(t, { ...ENV, STATE_DIR, ...env })
  return { service, port: await portOf(service) }
}

// What of it is looked at is for each to say.
export const get = async (port: number, path: string) => (await (await fetch(`http://127.0.0.1:${port}${path}`)).json()) as any

export async function end ({ child, exit }: Service, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  child.kill(signal)
  const { code } = await exit
  if (signal === 'SIGTERM' && code !== 0) throw new Error(`it ended with ${code}`)
}

/** One client over many connections: what it was told, once, and where that contradicts itself. */
export class Follower {
  readonly updates = new Map<number, string>()
  readonly opened: string[] = []
  readonly open = new Set<string>()
  readonly faults: string[] = []
  epoch = ''
  position = ''
  last = 0

  take (message: ServerMessage): void {
    if (message.type === 'metrics_update') this.#takeUpdate(message)
    if (message.type === 'subscription_confirmed' && message.recovered === false) this.faults.push(`lost: ${message.reason}`)
    if (message.type === 'alert') this.#takeAlert(message.data.id, message.data.state, message.tickSeq)
    if (message.type === 'open_alerts') this.#takeOpen(message.data.alerts.map(({ id }) => id))
    if ('epoch' in message) this.position = `&epoch=${message.epoch}&seq=${message.seq}`
  }

  readonly #told = new Set<string>()

  #takeUpdate ({ epoch, seq, data, dataTime, polledAt }: MetricsUpdateMessage): void {
    if (this.epoch !== '' && epoch !== this.epoch) this.faults.push(`another epoch at ${seq}`)
    this.epoch = epoch
    const content = JSON.stringify([data, dataTime, polledAt])
    const before = this.updates.get(seq)
    if (before !== undefined && before !== content) this.faults.push(`two contents of ${seq}`)
    if (before === undefined && this.last !== 0 && seq !== this.last + 1) this.faults.push(`${seq} after ${this.last}`)
    this.updates.set(seq, content)
    this.last = Math.max(this.last, seq)
  }

  #takeAlert (id: string, state: string, tickSeq: number): void {
    const key = `${id} ${state} ${tickSeq}`
    if (this.#told.has(key)) return
    this.#told.add(key)
    if (state === 'opened' && this.opened.includes(id)) this.faults.push(`${id} opens twice`)
    if (state === 'opened') this.opened.push(id)
    if (state === 'resolved') this.open.delete(id)
    else this.open.add(id)
  }

  #takeOpen (ids: string[]): void {
    for (const id of this.open) if (!ids.includes(id)) this.faults.push(`${id} is gone without a word`)
    for (const id of ids) if (!this.open.has(id)) this.faults.push(`${id} is open without a word`)
    this.open.clear()
    for (const id of ids) this.open.add(id)
  }

  /** Follows until it was told so many updates more. */
  async follow (port: number, updates: number): Promise<TestClient> {
    const client = await TestClient.open(`ws://127.0.0.1:${port}/ws?topics=metrics,alerts${this.position}`)
    const until = this.last + updates
    // What came with the handshake.
    for (const message of client.received) this.take(message)
    client.socket.on('message', (data) => this.take(JSON.parse(String(data)) as ServerMessage))
    await client.next('metrics_update', ({ seq }) => seq >= until && until > 0)
    return client
  }
}
