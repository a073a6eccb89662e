import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { message, options, serve } from './peer.ts'

// As ws.ts; everybody who connects is sent a welcome of its own and the last update, as popcast does.
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: options.deflate })
await once(server, 'listening')
let last = JSON.stringify(message(0))
let connections = 0
server.on('connection', (socket) => {
  socket.on('error', console.error)
  const now = new Date()
  const timestamp = now.toISOString()
  socket.send(JSON.stringify({
    type: 'welcome',
    data: { connectionId: `ws_${++connections}_${now.getTime()}`, message: 'connected', timestamp },
    protocol: 1,
    version: '0.1.0',
    epoch: 'b7a2a1d5-4a44-4d0c-9a5c-3c8d0f9f9f7e',
    seq: 0,
    headSeq: 1,
    intervalMs: options.intervalMs,
    heartbeatMs: 25_000,
    healthyBelowMs: 10,
    overviewWindowMs: 600_000,
    source: 'demo',
    limits: { maxMessageBytes: 16_384 }
  }))
  socket.send(last)
})
serve((server.address() as AddressInfo).port, (seq) => {
  last = JSON.stringify(message(seq))
  for (const client of server.clients) {
    if (client.readyState === WebSocket.OPEN) client.send(last)
  }
})
