import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { Server } from 'socket.io'
import { message, options, serve } from './peer.ts'

const http = createServer()
const io = new Server(http, {
  transports: ['websocket'],
  perMessageDeflate: options.deflate,
  // Its pings are text messages: none of them may fall among the updates that are counted.
  pingInterval: 3_600_000
})
http.listen(0, '127.0.0.1')
await once(http, 'listening')
serve((http.address() as AddressInfo).port, (seq) => {
  const { type, ...update } = message(seq)
  io.emit(type, update)
})
