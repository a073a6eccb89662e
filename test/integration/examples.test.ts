import { readFileSync } from 'node:fs'
import t from 'tap'
import { WebSocket } from 'ws'
import { build } from '../support/app.ts'
import { deferred } from '../support/fake-source.ts'

/** The JavaScript of a document that reads the feed in a browser. */
function exampleOf (document: string): string {
  const blocks = readFileSync(document, 'utf8').matchAll(/```js\n([\s\S]*?)```/g)
  const example = Array.from(blocks, ([, code = '']) => code).find((code) => code.includes('new WebSocket'))
  if (example === undefined) throw new Error(`${document} shows no client`)
  return example
}

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
    const code = exampleOf(document).replaceAll('127.0.0.1:3001', `127.0.0.1:${port}`)
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
