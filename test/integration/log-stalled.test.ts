import { openSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { TestClient } from '../support/client.ts'
import { fifo, run, type Stdout } from '../support/outputs.ts'

/** Each connect and disconnect logs so much that these are more than the pipe and the service keep. */
const CONNECTS = 2_500

/** Says on stderr which port it listens on: its log cannot, since nobody reads it. */
const ANNOUNCER = `
  import net from 'node:net'
  const { listen } = net.Server.prototype
  net.Server.prototype.listen = function (...args) {
    this.once('listening', () => process.stderr.write('listening on ' + this.address().port + '\\n'))
    return listen.apply(this, args)
  }`
const ANNOUNCE = ['--import', `data:text/javascript,${encodeURIComponent(ANNOUNCER)}`]

/** The real service with this standard output; resolves when it listens. */
async function serve (t: Test, stdout: Stdout, nodeArguments: string[] = []) {
  const env = { HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'trace', DRAIN_TIMEOUT_MS: '300' }
  const fast = { BROADCAST_INTERVAL_MS: '100', QUERY_TIMEOUT_MS: '90' }
  const service = run(t, 'server.js', [], stdout, { ...env, ...fast }, [...ANNOUNCE, ...nodeArguments])
  const port = await service.said(/listening on (\d+)\n/)
  const live = () => fetch(`http://127.0.0.1:${port}/health/live`).then(({ status }) => status, () => 0)
  return { ...service, url: `ws://127.0.0.1:${port}/ws`, live }
}

async function connectOften (url: string, times: number): Promise<void> {
  const options = { headers: { 'user-agent': 'x'.repeat(300) } }
  const connectSome = async () => {
    for (let opened = 0; opened < times / 10; opened++) {
      const client = await TestClient.open(url, options)
      client.socket.terminate()
      await client.closed
    }
  }
  await Promise.all(Array.from({ length: 10 }, connectSome))
}

/** Logs more than fits, and looks whether the service still does what it is there for. */
async function servesOn (t: Test, { child, exit, url, live, stderr }: Awaited<ReturnType<typeof serve>>): Promise<void> {
  const client = await TestClient.open(url)
  await connectOften(url, CONNECTS)
  t.equal(await live(), 200)
  const { seq } = await client.next('metrics_update')
  await client.next('metrics_update', (update) => update.seq > seq)
  child.kill('SIGTERM')
  t.strictSame(await exit, [0, null], 'it ends, though nobody reads what it logs')
  t.match(stderr(), /^listening on \d+\n$/, 'nothing else')
}

t.test('a pipe that nobody reads costs lines, not the service', async (t) => {
  const { writer } = fifo(t)
  await servesOn(t, await serve(t, writer))
})

t.test('neither does a socket stop it', async (t) => {
  await servesOn(t, await serve(t, 'pipe'))
})

t.test('neither does a full disk', async (t) => {
  await servesOn(t, await serve(t, openSync('/dev/full', 'w')))
})

for (const kind of ['pipe', 'socket'] as const) {
  t.test(`the last line is there at the end (${kind})`, async (t) => {
    const { writer, closeWriter, readAll } = fifo(t)
    const { child, exit } = await serve(t, kind === 'pipe' ? writer : 'pipe')
    const output = kind === 'pipe' ? readAll() : text(child.stdout as NonNullable<typeof child.stdout>)
    closeWriter()
    child.kill('SIGTERM')
    t.strictSame(await exit, [0, null])
    t.match(JSON.parse((await output).trim().split('\n').at(-1) as string), { event: 'closed' })
  })
}

t.test('an uncaught exception is in the log, exit 1', async (t) => {
  const throwLater = "--import=data:text/javascript,process.once('SIGWINCH', () => { throw new Error('out of the blue') })"
  for (const stdout of ['read', 'stalled'] as const) {
    const { writer, closeWriter, readAll } = fifo(t)
    const { child, exit, url } = await serve(t, writer, [throwLater])
    if (stdout === 'stalled') await connectOften(url, CONNECTS)
    const output = stdout === 'read' ? readAll() : null
    closeWriter()
    child.kill('SIGWINCH')
    t.strictSame(await exit, [1, null], stdout)
    if (output !== null) t.match(await output, /"level":60.*"event":"shutdown".*out of the blue/)
  }
})

t.test('a fatal line right before an exit is there; where it cannot be, the exit does not wait for it', async (t) => {
  const { writer, closeWriter, readAll } = fifo(t)
  const { exit } = run(t, 'test/support/log-burst.js', ['crash', '10'], writer)
  const output = readAll()
  closeWriter()
  t.strictSame(await exit, [1, null])
  t.match((await output).trim().split('\n').at(-1), '"event":"crash"')

  const stalled = fifo(t).writer
  t.strictSame(await run(t, 'test/support/log-burst.js', ['crash'], stalled).exit, [1, null], 'stalled')
  t.strictSame(await run(t, 'test/support/log-burst.js', ['crash'], openSync('/dev/full', 'w')).exit, [1, null], 'full')
})
