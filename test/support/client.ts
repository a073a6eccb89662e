import { once } from 'node:events'
import { WebSocket, type ClientOptions } from 'ws'
import { MessageQueue } from './message-queue.ts'

/** A WebSocket client for tests. */
export class TestClient extends MessageQueue {
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number, reason: string }>

  private constructor (url: string, options: ClientOptions) {
    super()
    this.socket = new WebSocket(url, options)
    this.closed = once(this.socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }))
    this.socket.on('message', (data) => this.receive(String(data)))
    this.closed.then(
      ({ code }) => this.fail(new Error(`the connection was closed with ${code}`)),
      () => {}
    )
  }

  /** Resolves when the handshake is done. @throws when it is refused */
  static async open (url: string, options: ClientOptions = {}): Promise<TestClient> {
    const client = new TestClient(url, options)
    await once(client.socket, 'open')
    return client
  }

  send (message: unknown): void {
    this.socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message))
  }

  async close (): Promise<void> {
    this.socket.close()
    await this.closed
  }
}
