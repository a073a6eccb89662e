import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'

const SERVER = fileURLToPath(new URL('../../server.js', import.meta.url))

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** The real service with this standard output; resolves when it answers. */
async function serve (t: Test, stdout: 'pipe' | number) {
  const port = await freePort()
  const env = { PATH: process.env.PATH, PORT: String(port), LOG_LEVEL: 'trace', BROADCAST_INTERVAL_MS: '100', QUERY_TIMEOUT_MS: '90' }
  const child = spawn(process.execPath, [SERVER], { env, stdio: ['ignore', stdout, 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const exit = once(child, 'exit')
  const answers = () => fetch(`http://127.0.0.1:${port}/health/live`).then(({ status }) => status, () => 0)
  while (await answers() !== 200) await new Promise((resolve) => setImmediate(resolve))
  return { port, child, exit, answers }
}

/** Each connect is a line of the log, longer than 256 bytes. */
async function connectOften (port: number, times: number): Promise<void> {
  const { WebSocket } = await import('ws')
  for (let opened = 0; opened < times; opened++) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers: { 'user-agent': 'x'.repeat(300) } })
    await once(socket, 'message')
    socket.terminate()
  }
}

t.test('a pipe that nobody reads costs lines, not the service: it serves on, and ends at SIGTERM', async (t) => {
  const { port, child, exit, answers } = await serve(t, 'pipe')
  await connectOften(port, 500)
  t.equal(await answers(), 200)
  child.kill('SIGTERM')
  t.strictSame(await exit, [0, null])
})

t.test('so does a full disk', async (t) => {
  const { port, child, exit, answers } = await serve(t, openSync('/dev/full', 'w'))
  await connectOften(port, 20)
  t.equal(await answers(), 200)
  child.kill('SIGTERM')
  t.strictSame(await exit, [0, null])
})

t.test('the last line is there at the end', async (t) => {
  const { child } = await serve(t, 'pipe')
  let text = ''
  child.stdout?.on('data', (chunk) => { text += chunk })
  child.kill('SIGTERM')
  await once(child, 'close')
  t.match(text, '"event":"closed"')
})
