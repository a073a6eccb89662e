import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import { confirmed, pong, welcome } from './feed-messages.ts'
import type { Teardown } from './service.ts'

/** A server whose feed is the test's. Each client is greeted, and then sent `present`. */
export function feedServer (t: Teardown, ...present: object[]) {
  return feedServerAt(t, 0, ...present)
}

/** The same on this port. */
export async function feedServerAt (t: Teardown, port: number, ...present: object[]) {
  const server = new WebSocketServer({ host: '127.0.0.1', port })
  await once(server, 'listening')
  t.teardown(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  const send = (socket: WebSocket, message: object) => socket.send(JSON.stringify(message))
  server.on('connection', (socket) => {
    for (const message of [welcome(), confirmed({ topics: ['metrics', 'alerts', 'pops'] }), ...present]) send(socket, message)
    socket.on('message', (data) => {
      const { type, id } = JSON.parse(String(data)) as { type: string, id: number }
      if (type === 'ping') send(socket, pong({ id }))
    })
  })
  return {
    port: (server.address() as AddressInfo).port,
    send: (message: object) => { for (const client of server.clients) send(client, message) },
    close: (code: number, reason: string) => { for (const client of server.clients) client.close(code, reason) },
    clients: server.clients,
    /** Cuts everybody off; nobody listens any more. */
    stop: async () => {
      for (const client of server.clients) client.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
    /** Of the next one. */
    connection: async () => ((await once(server, 'connection')) as [WebSocket])[0]
  }
}
