import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'
import { message, options, serve } from './peer.ts'

// The send loop of ws's README. With `deflate`, its defaults for compression.
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: options.deflate })
await once(server, 'listening')
server.on('connection', (socket) => socket.on('error', console.error))
serve((server.address() as AddressInfo).port, (seq) => {
  const text = JSON.stringify(message(seq))
  for (const client of server.clients) {
    if (client.readyState === WebSocket.OPEN) client.send(text)
  }
})
