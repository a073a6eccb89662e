import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { build } from '../support/app.ts'

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'

const folder = new URL('../../page/', import.meta.url)

/** What the page loads, by its extension. */
async function assetsOf (app: FastifyInstance): Promise<Record<string, string>> {
  const { body } = await app.inject({ url: '/', headers: { accept: BROWSER } })
  const assets = Array.from(body.matchAll(/(?:href|src)="(page\/[^"]+)"/g), ([, asset]) => asset as string)
  return Object.fromEntries(assets.map((asset) => [asset.split('.').at(-1), asset]))
}

t.test('a browser gets the page, everybody else the routes', async (t) => {
  const { app } = await build(t)
  const cases = [
    { accept: BROWSER, type: 'text/html' },
    { accept: 'text/html', type: 'text/html' },
    { accept: 'text/*', type: 'text/html' },
    { accept: '*/*', type: 'application/json' },
    { accept: undefined, type: 'application/json' },
    { accept: 'application/json', type: 'application/json' },
    { accept: 'application/json, text/html;q=0.5', type: 'application/json' },
    { accept: 'text/html;q=0, */*', type: 'application/json' },
    { accept: 'image/png', type: 'application/json' },
    { accept: 'nonsense', type: 'application/json' }
  ]
  for (const { accept, type } of cases) {
    for (const method of ['GET', 'HEAD'] as const) {
      const { statusCode, headers } = await app.inject({ method, url: '/', ...accept !== undefined && { headers: { accept } } })
      t.match({ statusCode, ...headers }, { statusCode: 200, 'content-type': type, vary: /accept/ }, `${method} of ${accept}`)
    }
  }
})

t.test('the page may load nothing from elsewhere, and nothing inline', async (t) => {
  const { app } = await build(t)
  const { headers, body } = await app.inject({ url: '/?pop=fra1', headers: { accept: BROWSER } })
  const policy = String(headers['content-security-policy'])
  t.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/)
  t.notMatch(policy, /unsafe|https?:|\*/)
  t.equal(headers['cache-control'], 'no-cache', 'it is asked for again, as it names what has changed')
  t.notMatch(body, /<script(?![^>]*src)|<style|style=|\son\w+=/)
  t.notMatch(body, /(?:href|src)="(?:\/|https?:)/, 'relative, so that a path in front does not matter')
})

t.test('what it loads is kept for ever, and as small as the browser takes it', async (t) => {
  const { app } = await build(t)
  const { js, css } = await assetsOf(app)
  t.ok(js)
  t.ok(css)
  for (const asset of [js, css]) {
    const plain = await app.inject(`/${asset}`)
    t.match(plain.headers, { 'cache-control': 'public, max-age=31536000, immutable', vary: 'accept-encoding' })
    const decoders = { br: brotliDecompressSync, gzip: gunzipSync }
    for (const [encoding, decode] of Object.entries(decoders)) {
      const { headers, rawPayload } = await app.inject({ url: `/${asset}`, headers: { 'accept-encoding': encoding } })
      t.match(headers, { 'content-encoding': encoding, 'content-type': plain.headers['content-type'], vary: 'accept-encoding' })
      t.ok(decode(rawPayload).equals(plain.rawPayload), `${asset} as ${encoding}`)
    }
  }
})

t.test('what has no name of its own content is asked for again, and is never taken for what it was', async (t) => {
  const { app } = await build(t)
  for (const url of ['/', '/page/licenses.txt']) {
    for (const encoding of ['identity', 'gzip', 'br']) {
      const { headers } = await app.inject({ url, headers: { accept: BROWSER, 'accept-encoding': encoding } })
      t.equal(headers['cache-control'], 'no-cache', `${url} ${encoding}`)
      // Of size and time, which two builds may have in common.
      t.notOk('etag' in headers || 'last-modified' in headers, `${url} ${encoding}`)
    }
  }
})

/** Script, style and the map that is in the script, as `gzip -9` leaves them. */
const MOST_BYTES = 70_000

t.test('it is no larger than a phone may be asked to load', async (t) => {
  const names = readdirSync(folder).filter((name) => /\.(js|css)\.gz$/.test(name))
  const sizes = names.map((name) => statSync(new URL(name, folder)).size)
  const sum = sizes.reduce((sum, size) => sum + size)
  t.comment(`${sum} bytes`)
  t.ok(sizes.length >= 2 && sum < MOST_BYTES, `${sum} bytes`)
})

t.test('what is written anew leaves nothing of what was there', async (t) => {
  const script = new URL('../../../scripts/page.js', import.meta.url).href
  const { writeChanged } = await import(script) as { writeChanged: (folder: string, files: Map<string, Buffer>) => void }
  const folder = t.testdir({})
  const names = () => readdirSync(folder).sort()
  writeChanged(folder, new Map([['a.txt', Buffer.alloc(2_000)], ['b.js', Buffer.alloc(2_000)]]))
  t.strictSame(names(), ['a.txt', 'a.txt.br', 'a.txt.gz', 'b.js', 'b.js.br', 'b.js.gz'])
  writeChanged(folder, new Map([['a.txt', Buffer.alloc(1_000)]]))
  t.strictSame(names(), ['a.txt'], 'one that is small is not compressed')
  writeChanged(folder, new Map([['a.txt', Buffer.alloc(3_000)]]))
  t.equal(gunzipSync(readFileSync(`${folder}/a.txt.gz`)).length, 3_000)
  rmSync(`${folder}/a.txt.br`)
  writeChanged(folder, new Map([['a.txt', Buffer.alloc(3_000)]]))
  t.strictSame(names(), ['a.txt', 'a.txt.br', 'a.txt.gz'], 'what is missing is made')
})

t.test('what is bundled goes with its licences, and nothing else of the folder is served', async (t) => {
  const { app } = await build(t)
  const { body } = await app.inject('/page/licenses.txt')
  for (const name of ['preact', '@preact/signals', 'world-atlas']) t.match(body, name)
  for (const path of ['/page/', '/page/index.html', '/page/../package.json', '/page/%2e%2e/app.js', '/page/nothing.js']) {
    t.match((await app.inject(path)).json(), { statusCode: 404, code: 'NOT_FOUND' }, path)
  }
  const files = readdirSync(folder).filter((name) => /\.(br|gz)$/.test(name))
  t.ok(files.length >= 4)
  for (const name of files) t.equal((await app.inject(`/page/${name}`)).statusCode, 404, name)
})
