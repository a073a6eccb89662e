import type { AddressInfo } from 'node:net'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import { WebSocket } from 'ws'
import { message, options, serve } from './peer.ts'

// The broadcast loop of @fastify/websocket's README.
const app = Fastify()
await app.register(websocket, { options: { perMessageDeflate: options.deflate } })
app.get('/', { websocket: true }, () => {})
await app.listen({ port: 0, host: '127.0.0.1' })
serve((app.server.address() as AddressInfo).port, (seq) => {
  const text = JSON.stringify(message(seq))
  for (const client of app.websocketServer.clients) {
    if (client.readyState === WebSocket.OPEN) client.send(text)
  }
})
