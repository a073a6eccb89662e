import { readFile } from 'node:fs/promises'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Teardown } from './service.ts'

const root = new URL('../../../', import.meta.url)
const types: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8' }

export interface Front {
  port: number
  /** Connections to it. */
  sockets: ReadonlySet<Socket>
  /** Those of them that are WebSockets. */
  upgraded: ReadonlySet<Socket>
}

/** A proxy before the service, as many pages have one: it serves the files of the package as well, and may refuse upgrades. */
export async function openFront (t: Teardown, target: number, { upgrades = true } = {}): Promise<Front> {
  const sockets = new Set<Socket>()
  const upgraded = new Set<Socket>()
  const server = createServer((incoming, response) => {
    const { pathname } = new URL(incoming.url as string, 'http://front')
    if (/^\/(examples|dist\/client)\/[\w.-]+$/.test(pathname)) void serve(pathname, response)
    else pass(incoming, response, target)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  })
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket) => {
    if (!upgrades) return socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    upgraded.add(socket)
    const upstream = connect(target, '127.0.0.1')
    upstream.on('error', () => socket.destroy())
    socket.on('close', () => {
      upgraded.delete(socket)
      upstream.destroy()
    })
    const headers = incoming.rawHeaders.map((value, index) => `${value}${index % 2 === 0 ? ': ' : '\r\n'}`).join('')
    upstream.write(`GET ${incoming.url} HTTP/1.1\r\n${headers}\r\n`)
    socket.pipe(upstream).pipe(socket)
  })
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, sockets, upgraded }
}

async function serve (pathname: string, response: ServerResponse): Promise<void> {
  try {
    const content = await readFile(fileURLToPath(new URL(`.${pathname}`, root)))
    response.setHeader('content-type', types[extname(pathname)] ?? 'application/octet-stream').end(content)
  } catch {
    response.writeHead(404).end()
  }
}

function pass ({ url, headers }: IncomingMessage, response: ServerResponse, port: number): void {
  const upstream = request({ host: '127.0.0.1', port, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode as number, answer.headers)
    answer.pipe(response)
    answer.on('error', () => response.destroy())
  })
  upstream.on('error', () => response.destroy())
  response.on('close', () => upstream.destroy())
  upstream.end()
}
