import { execFileSync, spawn, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, createReadStream, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { TestClient } from '../support/client.ts'

type Stdout = 'pipe' | number

/** Each connect and disconnect logs so much that these are more than the pipe and the service keep. */
const CONNECTS = 2_500

/** A real pipe, of 64 KiB: the 'pipe' of spawn is a socket. Nobody reads it until `readAll`. */
function fifo (t: Test) {
  const path = join(t.testdir(), 'stdout')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY)
  const closeWriter = () => closeSync(writer)
  const readAll = () => {
    const blocking = createReadStream(path)
    blocking.once('open', () => closeSync(reader))
    return text(blocking)
  }
  return { writer, reader, closeWriter, readAll }
}

function run (t: Test, file: string, args: string[], stdout: Stdout, env: NodeJS.ProcessEnv = {}, nodeArguments: string[] = []) {
  const stdio: StdioOptions = ['ignore', stdout, 'pipe']
  const path = fileURLToPath(new URL(`../../${file}`, import.meta.url))
  const child = spawn(process.execPath, [...nodeArguments, path, ...args], { env: { PATH: process.env.PATH, ...env }, stdio })
  t.teardown(() => child.kill('SIGKILL'))
  let errors = ''
  child.stderr?.on('data', (chunk) => { errors += chunk })
  const exit = once(child, 'exit')
  const ended = exit.then(([code, signal]) => { throw new Error(`it ended with ${code ?? signal}: ${errors}`) })
  ended.catch(() => {})
  /** What is in the brackets of the pattern, when it has been said on stderr. */
  const said = async (pattern: RegExp): Promise<string | undefined> => {
    for (;;) {
      const found = pattern.exec(errors)
      if (found !== null) return found[1]
      await Promise.race([once(child.stderr as NonNullable<typeof child.stderr>, 'data'), ended])
    }
  }
  return { child, exit, said, stderr: () => errors }
}

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
  const askedAt = performance.now()
  child.kill('SIGTERM')
  t.strictSame(await exit, [0, null])
  t.ok(performance.now() - askedAt < 5_000, 'within the drain, the deadline of the log and some slack')
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

t.test('the flush ends at its deadline, and the exit code is what it was', async (t) => {
  const { writer } = fifo(t)
  for (const stdout of ['pipe', writer, openSync('/dev/full', 'w')] as const) {
    t.strictSame(await run(t, 'test/support/log-burst.js', ['exit'], stdout).exit, [3, null])
  }
})

// What is left of the room when the first line is dropped depends on their length: that many are missing has to fit always.
const resumes = [
  ['pipe', 200],
  ['pipe', 260],
  ['pipe', 330],
  ['pipe', 410],
  ['pipe', 900],
  ['socket', 200],
  ['socket', 410]
] as const

for (const [kind, length] of resumes) {
  t.test(
    `a reader that reads again gets what waited, in order, and how many lines are missing (${kind}, ${length})`,
    async (t) => {
      const { writer, closeWriter, readAll } = fifo(t)
      const { child, exit, said } = run(
        t,
        'test/support/log-burst.js',
        ['resume', '20000', String(length)],
        kind === 'pipe' ? writer : 'pipe'
      )
      const dropped = Number(await said(/dropped (\d+)\n/))
      t.ok(dropped > 0)
      const output = kind === 'pipe' ? readAll() : text(child.stdout as NonNullable<typeof child.stdout>)
      closeWriter()
      child.kill('SIGUSR2')
      t.strictSame(await exit, [0, null])
      const lines = (await output)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      const numbers = lines.flatMap(({ line }) => line ?? [])
      t.strictSame(
        numbers,
        Array.from({ length: 20_000 - dropped }, (_, index) => index)
      )
      t.match(lines.slice(numbers.length), [
        { level: 40, event: 'log_dropped', count: dropped },
        { event: 'end', dropped }
      ])
    }
  )
}

t.test('a regular file is appended to', async (t) => {
  const path = join(t.testdir({ log: 'before\n' }), 'log')
  t.strictSame(await run(t, 'test/support/log-burst.js', ['exit', '100'], openSync(path, 'a')).exit, [3, null])
  const lines = readFileSync(path, 'utf8').trim().split('\n')
  t.equal(lines[0], 'before')
  t.equal(lines.length, 101)
})
