import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { inflateRawSync, constants } from 'node:zlib'

/** A client that does only what it is told: it answers no ping and completes no closing handshake. */
export interface RawClient {
  socket: Socket
  /** The code of the server's close frame, when it comes. */
  closeCode (): Promise<number>
  /** Status line and headers of the answer. */
  head (): string
  /** Opcodes of the frames that came so far. */
  opcodes (): number[]
  /** The first whole frame, as it came, whose text contains `part`. */
  message (part: string): Promise<Buffer>
}

interface Frame {
  bytes: Buffer
  opcode: number
  payload: Buffer
}

/** Opens a WebSocket by hand. `headers` are further headers of the request. */
export async function rawHandshake (port: number, path = '/ws', headers: Record<string, string> = {}): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  const further = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${further}\r\n`)
  let bytes = Buffer.alloc(0)
  socket.on('data', (chunk) => { bytes = Buffer.concat([bytes, chunk]) })
  while (!bytes.includes('\r\n\r\n')) await once(socket, 'data')
  const start = bytes.indexOf('\r\n\r\n') + 4
  const frames = () => framesOf(bytes.subarray(start))
  const frame = async (where: (frame: Frame) => boolean) => {
    for (;;) {
      const found = frames().find(where)
      if (found !== undefined) return found
      await once(socket, 'data')
    }
  }
  return {
    socket,
    head: () => bytes.subarray(0, start).toString(),
    opcodes: () => frames().map(({ opcode }) => opcode),
    closeCode: async () => (await frame(({ opcode }) => opcode === 0x8)).payload.readUInt16BE(0),
    message: async (part) => (await frame((candidate) => candidate.opcode === 0x1 && textOf(candidate).includes(part))).bytes
  }
}

function textOf ({ bytes, payload }: Frame): string {
  const isDeflated = (bytes.readUInt8(0) & 0x40) !== 0
  return (isDeflated ? inflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }) : payload).toString()
}

/** The complete frames of a server's stream; they are not masked. */
function framesOf (bytes: Buffer): Frame[] {
  const frames = []
  let rest = bytes
  while (rest.length >= 2) {
    const short = rest.readUInt8(1)
    const headerLength = short < 126 ? 2 : short === 126 ? 4 : 10
    if (rest.length < headerLength) break
    const payloadLength = short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2))
    const length = headerLength + payloadLength
    if (rest.length < length) break
    frames.push({
      bytes: rest.subarray(0, length),
      opcode: rest.readUInt8(0) & 0xf,
      payload: rest.subarray(headerLength, length)
    })
    rest = rest.subarray(length)
  }
  return frames
}

/** A client's frame, masked with zeros: RFC 6455 5.3. @param first its first byte, with the opcode */
export function maskedFrame (first: number, payload: Buffer): Buffer {
  const header = payload.length < 126
    ? Buffer.from([first, 0x80 | payload.length])
    : Buffer.from([first, 0x80 | 126, payload.length >> 8, payload.length & 0xff])
  return Buffer.concat([header, Buffer.alloc(4), payload])
}

/** A client's goodbye. */
export function closeFrame (code: number): Buffer {
  return maskedFrame(0x88, Buffer.from([code >> 8, code & 0xff]))
}
