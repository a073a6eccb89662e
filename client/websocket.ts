import type { WebSocketClass } from './environment.ts'
import type { Transport, TransportEvents } from './transport.ts'

/** RFC 6455 7.4.1: the purpose for which it was opened is fulfilled. */
const NORMAL = 1000

export function openWebSocket (
  url: string, protocols: readonly string[], WebSocket: WebSocketClass, on: TransportEvents
): Transport {
  const socket = new WebSocket(url, [...protocols])
  const closed = new Promise<void>((resolve) => {
    socket.onclose = ({ code, reason }: { code: number, reason: string }) => {
      resolve()
      on.end({ closeCode: code, reason })
    }
  })
  // It says nothing that the end does not say, but ws throws what nobody listens to.
  socket.onerror = () => {}
  socket.onmessage = ({ data }) => {
    on.heard()
    on.message(data)
  }
  return {
    kind: 'websocket',
    send: (message) => socket.send(JSON.stringify(message)),
    close () {
      socket.close(NORMAL)
      return closed
    }
  }
}
