/**
 * The load client: a process of its own that opens many WebSockets, or event streams, over raw TCP sockets and reads every
 * frame or event, with no library in between, so that it is the server that is measured. It is the same for every server.
 */
import { connect, type Socket } from 'node:net'

export interface LoadOptions {
  port: number
  path: string
  clients: number
  /** Read an event stream instead of a WebSocket. */
  events: boolean
  /** Offer permessage-deflate. */
  deflate: boolean
  /** A text message to send after the handshake (Socket.IO wants one). */
  greeting: string | null
  /** A client is connected when so many text messages have come after the handshake. */
  messagesToConnect: number
  /** The first so many clients never read. */
  neverRead: number
  /** Handshakes under way at the same time. */
  concurrency: number
}

export type LoadReport =
  | { event: 'connected', milliseconds: number, deflated: number }
  | { event: 'delivered', complete: boolean, frames: number, bytes: number, spreadMs: number[] }

const LINE_FEED = 0x0a
const HEADER_END = '\r\n\r\n'
const RECEIVE_BUFFER_BYTES = 65_536
const options = JSON.parse(process.argv[2] as string) as LoadOptions
// Every socket is read through one buffer: nothing of a payload is kept.
const receiveBuffer = Buffer.allocUnsafe(RECEIVE_BUFFER_BYTES)

class Client {
  frames = 0
  deflated = false
  readonly reads: boolean
  readonly socket: Socket
  #handshake: string | null = ''
  #header = Buffer.alloc(10)
  #headerBytes = 0
  #payloadLeft = 0
  #isText = false
  #endedLine = false
  #onFrame: (client: Client) => void

  constructor (reads: boolean, onConnected: () => void, onFrame: (client: Client) => void) {
    this.reads = reads
    this.#onFrame = onFrame
    const callback = (bytes: number) => this.#read(bytes, onConnected)
    this.socket = connect({ port: options.port, host: '127.0.0.1', onread: { buffer: receiveBuffer, callback } })
    this.socket.setNoDelay(true)
    this.socket.on('error', () => {})
    if (options.events) this.socket.write(`GET ${options.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
    else this.#upgrade()
  }

  #upgrade (): void {
    this.socket.write(`GET ${options.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n' +
      (options.deflate ? 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n' : '') + '\r\n')
  }

  #read (bytes: number, onConnected: () => void): boolean {
    let at = 0
    if (this.#handshake !== null) {
      this.#handshake += receiveBuffer.toString('latin1', 0, bytes)
      const end = this.#handshake.indexOf(HEADER_END)
      if (end === -1) return true
      if (!this.#handshake.startsWith(options.events ? 'HTTP/1.1 200' : 'HTTP/1.1 101')) throw new Error(this.#handshake)
      this.deflated = this.#handshake.includes('permessage-deflate')
      at = bytes - (this.#handshake.length - end - HEADER_END.length)
      this.#handshake = null
      if (options.greeting !== null) this.socket.write(maskedText(options.greeting))
      if (options.messagesToConnect === 0) onConnected()
    }
    const before = this.frames
    if (options.events) this.#readEvents(at, bytes)
    else while (at < bytes) at = this.#payloadLeft > 0 ? this.#skipPayload(at, bytes) : this.#readHeader(at)
    if (before < options.messagesToConnect && this.frames >= options.messagesToConnect) onConnected()
    return true
  }

  /** An event ends with an empty line, and JSON has none. */
  #readEvents (begin: number, bytes: number): void {
    if (begin === bytes) return
    let at = begin
    if (this.#endedLine && receiveBuffer[at] === LINE_FEED) this.#eventEnded()
    for (;;) {
      at = receiveBuffer.indexOf('\n\n', at, 'latin1')
      if (at === -1 || at + 1 >= bytes) break
      at += 2
      this.#eventEnded()
    }
    this.#endedLine = receiveBuffer[bytes - 1] === LINE_FEED && receiveBuffer[bytes - 2] !== LINE_FEED
  }

  #eventEnded (): void {
    this.frames++
    this.#onFrame(this)
  }

  #skipPayload (at: number, bytes: number): number {
    const taken = Math.min(this.#payloadLeft, bytes - at)
    this.#payloadLeft -= taken
    if (this.#payloadLeft === 0) this.#frameEnded()
    return at + taken
  }

  #readHeader (at: number): number {
    this.#header[this.#headerBytes++] = receiveBuffer[at] as number
    const short = (this.#header[1] as number) & 0x7f
    const wanted = this.#headerBytes < 2 || short < 126 ? 2 : short === 126 ? 4 : 10
    if (this.#headerBytes < wanted) return at + 1
    this.#payloadLeft =
      short < 126 ? short : short === 126 ? this.#header.readUInt16BE(2) : Number(this.#header.readBigUInt64BE(2))
    this.#isText = ((this.#header[0] as number) & 0x0f) === 1
    this.#headerBytes = 0
    if (this.#payloadLeft === 0) this.#frameEnded()
    return at + 1
  }

  #frameEnded (): void {
    if (!this.#isText) return
    this.frames++
    this.#onFrame(this)
  }
}

const clients: Client[] = []
let first: number[] = []
let last: number[] = []
let counting = false

function onFrame (client: Client): void {
  if (!counting) return
  const now = performance.now()
  const index = client.frames - 1
  first[index] ??= now
  last[index] = now
}

async function connectAll (): Promise<void> {
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: options.concurrency }, async () => {
    while (clients.length < options.clients) {
      await new Promise<void>((resolve) => {
        const client = new Client(clients.length >= options.neverRead, resolve, onFrame)
        clients.push(client)
      })
    }
  }))
  report({
    event: 'connected',
    milliseconds: performance.now() - startedAt,
    deflated: clients.filter(({ deflated }) => deflated).length
  })
  for (const { reads, socket } of clients) if (!reads) socket.pause()
}

/** Waits until every reading client has had `broadcasts` updates, or nothing more comes. */
function deliver (broadcasts: number): void {
  const reading = clients.filter(({ reads }) => reads)
  let quiet = 0
  let seen = -1
  const timer = setInterval(() => {
    const frames = reading.reduce((sum, client) => sum + client.frames, 0)
    quiet = frames === seen ? quiet + 1 : 0
    seen = frames
    const complete = reading.every((client) => client.frames === broadcasts)
    if (!complete && quiet < 20) return
    clearInterval(timer)
    counting = false
    report({
      event: 'delivered',
      complete,
      frames,
      bytes: clients.reduce((sum, { socket }) => sum + socket.bytesRead, 0),
      spreadMs: first.map((time, index) => (last[index] as number) - time)
    })
  }, 100)
}

function report (message: LoadReport): void {
  process.send?.(message)
}

function maskedText (text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length]), Buffer.alloc(4), Buffer.from(text)])
}

process.on('message', (command: { count: true } | { broadcasts: number }) => {
  if ('broadcasts' in command) return deliver(command.broadcasts)
  for (const client of clients) client.frames = 0
  first = []
  last = []
  counting = true
})
process.on('disconnect', () => process.exit())
await connectAll()
