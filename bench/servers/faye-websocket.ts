import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import FayeWebSocket from 'faye-websocket'
import { message, serve } from './peer.ts'

const clients = new Set<{ send (text: string): void }>()
const http = createServer()
http.on('upgrade', (request, socket, head) => {
  const client = new FayeWebSocket(request, socket, head)
  clients.add(client)
  client.on('close', () => clients.delete(client))
})
http.listen(0, '127.0.0.1')
await once(http, 'listening')
serve((http.address() as AddressInfo).port, (seq) => {
  const text = JSON.stringify(message(seq))
  for (const client of clients) client.send(text)
})
