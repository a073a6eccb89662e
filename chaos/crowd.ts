/** A process of clients that do what is not done, and of good ones elsewhere: see Context.crowd. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { maskedFrame } from '../test/support/raw-client.ts'
import { Observer } from './observer.ts'
import { firstOf, many, pause } from './waiting.ts'

export interface CrowdOptions {
  host: string
  port: number
  path: string
  clients: number
  /**
   * `observe`: they are good. `never-read`: they do not read after the handshake. `flood`: they read, and send the same again
   * and again, as fast as it is taken.
   */
  does: 'observe' | 'never-read' | 'flood'
  /** What a flood sends; an empty text is a ping of the WebSocket. */
  message?: string
  seconds?: number
}

export interface CrowdReport {
  event: 'ready' | 'done'
  /** Of a flood: messages that were taken. Of observers: what is wrong. */
  sent?: number
  complaints?: string[]
  skipped?: number
  closed?: number
}

const PING = 0x89
const TEXT = 0x81
/** Messages of one write. */
const BURST = 100
const CONNECTS_AT_A_TIME = 50

const options = JSON.parse(process.argv[2] as string) as CrowdOptions
const report = (message: CrowdReport) => { process.send?.(message) }

async function handshake (): Promise<Socket> {
  const { host, port, path } = options
  const socket = connect(port, host)
  socket.on('error', () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n')
  await once(socket, 'data')
  return socket
}

async function raw (): Promise<Socket[]> {
  const sockets: Socket[] = []
  await many(options.clients, CONNECTS_AT_A_TIME, async () => {
    const socket = await handshake()
    if (options.does === 'never-read') socket.pause()
    else socket.resume()
    sockets.push(socket)
  })
  return sockets
}

async function flood (sockets: Socket[]): Promise<void> {
  const { message = '', seconds = 5 } = options
  const frame = message === '' ? maskedFrame(PING, Buffer.from('x')) : maskedFrame(TEXT, Buffer.from(message))
  const burst = Buffer.concat(Array.from({ length: BURST }, () => frame))
  const until = performance.now() + seconds * 1_000
  let sent = 0
  await Promise.all(sockets.map(async (socket) => {
    while (performance.now() < until && !socket.destroyed) {
      if (!socket.write(burst)) await firstOf(socket, ['drain', 'close'], 200)
      sent += BURST
      await pause(1)
    }
  }))
  report({ event: 'done', sent, closed: sockets.filter(({ destroyed }) => destroyed).length })
}

async function observe (): Promise<void> {
  const told = new Map<string, string>()
  const observers: Observer[] = []
  await many(options.clients, CONNECTS_AT_A_TIME, async () => {
    observers.push(await Observer.open(told, options))
  })
  await Promise.all(observers.map((observer) => observer.until(() => observer.last > 0)))
  report({ event: 'ready' })
  await once(process, 'message')
  report({
    event: 'done',
    complaints: observers.flatMap(({ complaints }) => complaints).slice(0, 10),
    skipped: observers.reduce((sum, { skipped }) => sum + skipped, 0),
    closed: observers.filter(({ end }) => end !== null).length
  })
}

process.on('disconnect', () => process.exit())
if (options.does === 'observe') await observe()
else {
  const sockets = await raw()
  report({ event: 'ready' })
  if (options.does === 'flood') await flood(sockets)
}
