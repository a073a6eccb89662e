declare module 'faye-websocket' {
  import type { IncomingMessage } from 'node:http'
  import type { Duplex } from 'node:stream'

  /** The part that the benchmark uses: https://github.com/faye/faye-websocket-node */
  export default class FayeWebSocket {
    constructor (request: IncomingMessage, socket: Duplex, head: Buffer)
    send (text: string): boolean
    on (event: 'close', listener: () => void): void
  }
}
