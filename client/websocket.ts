import type { Settings } from './options.ts'
import type { Transport, TransportEvents } from './transport.ts'

/** RFC 6455 7.4.1: the purpose for which it was opened is fulfilled. */
const NORMAL = 1000

export async function openWebSocket (
  url: string, { WebSocket, protocols, token }: Settings, on: TransportEvents
): Promise<Transport> {
  const asked = [...await protocols?.() ?? []]
  const given = await token?.()
  // A browser has no other place for it. The server agrees to the first of the two.
  if (given) asked.push('popcast', `bearer.${encodeURIComponent(given)}`)
  const socket = new WebSocket!(url, asked)
  const closed = new Promise<void>((resolve) => {
    socket.onclose = ({ code: closeCode, reason }) => {
      resolve()
      on.end({ closeCode, reason })
    }
  })
  // It says nothing that the end does not say, but ws throws what nobody listens to.
  socket.onerror = () => {}
  socket.onmessage = ({ data }) => on.message(data)
  return {
    send: (message) => socket.send(JSON.stringify(message)),
    close () {
      socket.close(NORMAL)
      return closed
    }
  }
}
