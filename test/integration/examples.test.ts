import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { WebSocket } from 'ws'
import { build } from '../support/app.ts'
import { deferred } from '../support/fake-source.ts'
import { portOf, startProgram, startService, type Teardown } from '../support/service.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** The JavaScript of a document. */
function examplesOf (document: string): string[] {
  const blocks = readFileSync(document, 'utf8').matchAll(/```js\n([\s\S]*?)```/g)
  return Array.from(blocks, ([, code = '']) => code)
}

const isRaw = (code: string) => code.includes('new WebSocket(')
const usesLibrary = (code: string) => code.includes("from 'popcast/client'")

t.test('every JavaScript that a document shows is run here', async (t) => {
  const counts = ['README.md', 'PROTOCOL.md', 'docs/client.md'].map((document) => {
    const examples = examplesOf(document)
    t.ok(examples.every((code) => isRaw(code) !== usesLibrary(code)), document)
    return examples.length
  })
  t.strictSame(counts, [2, 1, 2])
})

for (const document of ['README.md', 'PROTOCOL.md']) {
  t.test(`the client that ${document} shows reads the feed, and comes back to where it was`, async (t) => {
    const { app, port } = await build(t)
    const urls: string[] = []
    const printed: unknown[][] = []
    const [first, second] = [deferred<void>(), deferred<void>()]
    class Client extends WebSocket {
      constructor (url: string) {
        super(url)
        urls.push(url)
        t.teardown(() => {
          this.onclose = null
          this.terminate()
        })
      }
    }
    const log = (...what: unknown[]) => {
      printed.push(what)
      if (what[0] !== 'fresh') return
      if (urls.length === 1) first.resolve()
      else second.resolve()
    }
    const code = examplesOf(document).find(isRaw)?.replaceAll('127.0.0.1:3001', `127.0.0.1:${port}`) as string
    // eslint-disable-next-line no-new-func -- it is what a reader would paste
    new Function('WebSocket', 'console', 'setTimeout', code)(Client, { log }, (connect: () => void) => setImmediate(connect))
    await first.promise
    const { epoch } = app.view
    for (const connection of app.connections) connection.terminate()
    await second.promise
    t.match(urls[1], new RegExp(`topics=metrics,alerts&epoch=${epoch}&seq=\\d+$`))
    t.match(printed.at(-1), ['fresh', { totalPops: 20 }])
  })
}

const examples = ['README.md', 'docs/client.md']
  .flatMap((document) => examplesOf(document).filter(usesLibrary).map((code, index) => ({ document, index, code })))
for (const { document, index, code } of examples) {
  t.test(`what ${document} shows of the library (${index}) is live, knows when it is not, and comes back`, async (t) => {
    const { app, port } = await build(t)
    const script = runScript(t, code.replaceAll('127.0.0.1:3001', `127.0.0.1:${port}`))
    await script.printed(/live fresh/)
    for (const connection of app.connections) connection.terminate()
    await script.printed(/waiting fresh[\s\S]*live fresh/)
    t.equal(Array.from(app.connections).length, 1)
  })
}

/** Runs it in a process of its own, as a module of this package: that knows itself by name. */
function runScript (t: Teardown, code: string) {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: root, env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => child.kill('SIGKILL'))
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => { text += part })
  const ended = once(child, 'close').then(([status]) => { throw new Error(`it ended with ${status}: ${text}`) })
  ended.catch(() => {})
  return {
    printed: async (pattern: RegExp) => {
      while (!pattern.test(text)) await Promise.race([once(child.stdout, 'data'), ended])
    }
  }
}

t.test('examples/watch.js prints what happens, also when the service is killed and starts again', async (t) => {
  const settings = { BROADCAST_INTERVAL_MS: '200', QUERY_TIMEOUT_MS: '150', DRAIN_DELAY_MS: '0' }
  const service = startService(t, settings)
  const port = await portOf(service)
  const watch = startProgram(t, '../examples/watch.js', [`ws://127.0.0.1:${port}/ws`], {})
  await watch.output(/live websocket\n[\s\S]*data is fresh\n[\s\S]*of 20 PoPs healthy, [\d.]+ ms, \d regressed\n/)
  service.child.kill('SIGKILL')
  await watch.output(/waiting CLOSED\n/)
  await watch.output(/data is stale\n/)
  await portOf(startService(t, { ...settings, PORT: String(port) }))
  await watch.output(/back, but other_epoch\n[\s\S]*data is fresh\n[\s\S]*PoPs healthy/)
  watch.child.kill('SIGINT')
  await watch.output(/failed ABORTED\n/)
  t.strictSame(await watch.exit, { code: 0, signal: null })
  t.equal(watch.stderr(), '')
})
