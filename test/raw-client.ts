import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A client that does only what it is told: it answers no ping and completes no closing handshake. */
export interface RawClient {
  socket: Socket
  /** The code of the server's close frame, when it comes. */
  closeCode (): Promise<number>
  /** Opcodes of the frames that came so far. */
  opcodes (): number[]
}

/** Opens a WebSocket by hand. `headers` are further header lines. */
export async function rawHandshake (port: number, path = '/ws'): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n')
  let bytes = Buffer.alloc(0)
  socket.on('data', (chunk) => { bytes = Buffer.concat([bytes, chunk]) })
  while (!bytes.includes('\r\n\r\n')) await once(socket, 'data')
  const start = bytes.indexOf('\r\n\r\n') + 4
  const closeFrame = () => framesOf(bytes.subarray(start)).find(({ opcode }) => opcode === 0x8)
  return {
    socket,
    opcodes: () => framesOf(bytes.subarray(start)).map(({ opcode }) => opcode),
    async closeCode () {
      while (closeFrame() === undefined) await once(socket, 'data')
      return closeFrame()?.payload.readUInt16BE(0) ?? 1005
    }
  }
}

/** The complete frames of a server's stream; they are not masked. */
function framesOf (bytes: Buffer): Array<{ opcode: number, payload: Buffer }> {
  const frames = []
  let rest = bytes
  while (rest.length >= 2) {
    const short = rest.readUInt8(1)
    const headerLength = short < 126 ? 2 : short === 126 ? 4 : 10
    if (rest.length < headerLength) break
    const length = short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2))
    if (rest.length < headerLength + length) break
    frames.push({ opcode: rest.readUInt8(0) & 0xf, payload: rest.subarray(headerLength, headerLength + length) })
    rest = rest.subarray(headerLength + length)
  }
  return frames
}
