import { connect as connectTcp } from 'node:net'
import { closed } from './closed.ts'

export const UPGRADE = ['Upgrade: websocket', 'Connection: Upgrade']
export const HANDSHAKE = [...UPGRADE, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13']

/** Requests for an upgrade that are refused, each in its own way. */
export const refusedUpgrades: Array<{ name: string, line: string, headers: string[], status: number }> = [
  { name: 'a URL that cannot be decoded', line: 'GET /%zz', headers: HANDSHAKE, status: 400 },
  { name: 'an unknown path', line: 'GET /nope', headers: HANDSHAKE, status: 404 },
  { name: 'a path that takes no WebSockets', line: 'GET /health', headers: HANDSHAKE, status: 404 },
  {
    name: 'another version',
    line: 'GET /ws',
    headers: [...UPGRADE, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 7'],
    status: 400
  },
  { name: 'no key', line: 'GET /ws', headers: [...UPGRADE, 'Sec-WebSocket-Version: 13'], status: 400 },
  {
    name: 'a key that is none',
    line: 'GET /ws',
    headers: [...UPGRADE, 'Sec-WebSocket-Key: a', 'Sec-WebSocket-Version: 13'],
    status: 400
  },
  { name: 'another method', line: 'POST /ws', headers: HANDSHAKE, status: 405 },
  {
    name: 'h2c where WebSockets are',
    line: 'GET /ws',
    headers: ['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
    status: 426
  },
  { name: 'h2c at a path that there is not', line: 'GET /nope', headers: ['Upgrade: h2c', 'Connection: Upgrade'], status: 404 },
  {
    name: 'h2c and a URL that cannot be decoded',
    line: 'GET /%zz',
    headers: ['Upgrade: h2c', 'Connection: Upgrade'],
    status: 400
  }
]

/** Sends a request and reads to the end that the server makes of it. */
export async function statusOf (
  port: number,
  line: string,
  headers: readonly string[]
): Promise<{ status: number, text: string }> {
  const socket = connectTcp(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => { text += chunk })
  socket.write([`${line} HTTP/1.1`, 'Host: 127.0.0.1', ...headers, '', ''].join('\r\n'))
  await closed(socket)
  return { status: Number(text.split(' ')[1]), text }
}
