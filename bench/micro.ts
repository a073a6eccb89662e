/**
 * What the parts of the hot path cost by themselves: npm run bench:micro
 * Nanoseconds per operation, the median of several rounds; compare within one run.
 */
import * as ws from 'ws'
import { systemClock } from '../lib/clock.ts'
import { parseClientMessage } from '../lib/protocol/client-messages.ts'
import { EVERYTHING } from '../lib/auth/grant.ts'
import { ConnectionTracker } from '../lib/clients/connection-tracker.ts'
import { encodeText } from '../lib/clients/websocket/frame.ts'
import { WebSocketTransport } from '../lib/clients/websocket/transport.ts'
import { deflateMessage } from '../lib/clients/websocket/permessage-deflate.ts'

/** Exported, but missing in the type definitions. */
const { Sender } = ws as unknown as { Sender: { frame (data: Buffer, options: object): Buffer[] } }
const ROUNDS = 9
const ROUND_MS = 60

function measure (name: string, operation: () => unknown): void {
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    let count = 0
    const startedAt = performance.now()
    while (performance.now() - startedAt < ROUND_MS) {
      for (let repeat = 0; repeat < 100; repeat++) operation()
      count += 100
    }
    rounds.push((performance.now() - startedAt) * 1e6 / count)
  }
  const median = rounds.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] as number
  console.log(`${name.padEnd(52)} ${median.toFixed(0).padStart(9)} ns`)
}

for (const size of [1_024, 16_384]) {
  const payload = Buffer.from(
    JSON.stringify({
      pops: Array.from({ length: size / 32 }, (_, index) => ({ code: `pop${index}`, coldStartMs: index * 1.37 }))
    }).slice(0, size)
  )
  measure(`frame of ${size} bytes, once per tick`, () => encodeText(payload))
  measure(`frame of ${size} bytes, ws's Sender, once per client`, () =>
    Sender.frame(payload, { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: true })
  )
  measure(`deflate ${size} bytes, once per tick`, () => deflateMessage(payload, 15))
}

const silent = { debug () {}, info () {}, warn () {}, error () {} }
const connections = new ConnectionTracker({
  clock: systemClock,
  log: silent,
  maxConnections: 1e6,
  keptUpdates: 360,
  maxBufferedBytes: 1e6,
  maxSkippedUpdates: 3
})
const socket = { readyState: 1, close () {}, terminate () {}, resume () {} }
const stream = { writableLength: 0, writableNeedDrain: false, write: () => true, cork () {}, uncork () {}, once () {} }
const INFO = { userAgent: 'bench', ip: '127.0.0.1' }
measure('track a connection and forget it', () => {
  connections.remove(connections.add(new WebSocketTransport(socket, stream), INFO, EVERYTHING), 1000, '')
})
for (let count = 0; count < 9_000; count++) {
  connections.add(new WebSocketTransport(socket, stream), INFO, EVERYTHING)
}
measure('go through 9,000 tracked connections', () => {
  let open = 0
  for (const connection of connections) if (connection.isOpen) open++
  return open
})
const text = JSON.stringify({ type: 'subscribe', topics: ['metrics', 'alerts'], id: 'abc' })
measure('parse and check a subscribe', () => parseClientMessage(text))
