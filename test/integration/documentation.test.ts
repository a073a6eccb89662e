import { Validator } from '@seriousme/openapi-schema-validator'
import t from 'tap'
import { openPage, skipWithoutChromium } from '../support/chromium.ts'
import { build } from '../support/app.ts'

const PATHS = [
  '/',
  '/api/fleet',
  '/api/metrics/latest',
  '/api/pops',
  '/api/pops/{code}',
  '/api/regressions',
  '/api/stream',
  '/api/websocket/status',
  '/health',
  '/health/live',
  '/health/ready',
  '/metrics',
  '/ws'
]

t.test('GET /openapi.json describes every route', async (t) => {
  const { app } = await build(t)
  const document = (await app.inject('/openapi.json')).json()
  const { valid, errors } = await new Validator().validate(document)
  t.ok(valid, JSON.stringify(errors))
  t.strictSame(Object.keys(document.paths).sort(), PATHS)
  for (const [path, { get }] of Object.entries<{ get: { summary?: string, responses: object } }>(document.paths)) {
    t.ok(get.summary, `${path} has a summary`)
    t.ok(Object.keys(get.responses).length > 0, `${path} has responses`)
  }
})

t.test('what it describes is what is answered', async (t) => {
  const { app, connect } = await build(t)
  await (await connect()).next('metrics_update')
  const { routes } = (await app.inject('/')).json()
  for (const path of Object.values<string>(routes)) {
    // Of the stream there is no end to wait for.
    const { statusCode } = await app.inject({ method: 'HEAD', url: path })
    t.ok([200, 302, 426].includes(statusCode), `${path} answers ${statusCode}`)
  }
})

t.test('a page for people', { skip: skipWithoutChromium }, async (t) => {
  const { port } = await build(t)
  const page = await openPage(t, `http://127.0.0.1:${port}/docs`)
  t.ok(await page.waitForSelector('[data-path="/api/regressions"]'), 'names the routes')
})

t.test('the page names its assets relative to itself, so that a path prefix in front does not matter', async (t) => {
  const { app } = await build(t)
  for (const url of ['/docs', '/docs/']) {
    const { body } = await app.inject(url)
    const assets = Array.from(body.matchAll(/(?:href|src)="([^"]+)"/g), ([, asset]) => asset as string)
    t.ok(assets.length > 0)
    for (const asset of assets) {
      const { pathname } = new URL(asset, `http://proxy/live${url}`)
      t.match(pathname, /^\/live\/docs\/static\//, `${asset} of ${url}`)
      t.equal((await app.inject(pathname.slice('/live'.length))).statusCode, 200, asset)
    }
  }
})
