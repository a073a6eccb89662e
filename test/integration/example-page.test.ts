import { once } from 'node:events'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { openPage, skipWithoutChromium } from '../support/chromium.ts'
import { openFront } from '../support/front.ts'
import { portOf, startService } from '../support/service.ts'

const SETTINGS = { BROADCAST_INTERVAL_MS: '200', QUERY_TIMEOUT_MS: '150', DRAIN_DELAY_MS: '0' }
const options = { skip: skipWithoutChromium }

/** What examples/page.html shows. */
interface Shown { isLive: boolean, freshness: string, status: string, pops: string }

/** The page, behind a front before a service, when it shows data. */
async function showing (t: Test, { upgrades = true, keepsPages = false } = {}) {
  const service = startService(t, SETTINGS)
  const servicePort = await portOf(service)
  const front = await openFront(t, servicePort, { upgrades })
  const page = await openPage(t, `http://127.0.0.1:${front.port}/examples/page.html`, { keepsPages })
  page.on('pageerror', ({ message }) => t.fail(message))
  await live(page)
  return { service, servicePort, front, page }
}

async function live (page: Page): Promise<void> {
  await page.waitForSelector('body[data-live]')
}

async function notLive (page: Page): Promise<Shown> {
  await page.waitForSelector('body:not([data-live])')
  return shown(page)
}

/** Runs in the page. */
function shown (page: Page): Promise<Shown> {
  return page.evaluate(() => {
    const { document } = globalThis as any
    const { body } = document
    const textOf = (id: string) => document.getElementById(id).textContent
    const { live, freshness } = body.dataset
    return { isLive: live !== undefined, freshness, status: textOf('status'), pops: textOf('totalPops') }
  })
}

/** Counts the events of the page from now on. @returns what has come of them until asked */
async function record (page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const window = globalThis as any
    window.seen = []
    for (const type of ['online', 'offline', 'pagehide', 'pageshow']) {
      window.addEventListener(type, ({ persisted }: any) => window.seen.push(`${type} ${persisted ?? ''}`.trim()))
    }
  })
  return () => page.evaluate(() => (globalThis as any).seen)
}

t.test('a page whose service is killed does not look live, calls the data old, and comes back', options, async (t) => {
  const { service, servicePort, page } = await showing(t)
  t.match(await shown(page), { isLive: true, freshness: 'fresh', status: 'Live, by WebSocket.', pops: '20' })
  service.child.kill('SIGKILL')
  t.match(await notLive(page), { status: /^Not connected \(.+\), trying again\.$/, pops: '20' })
  await page.waitForSelector('body[data-freshness=stale]')
  t.match(await shown(page), { isLive: false })
  await portOf(startService(t, { ...SETTINGS, PORT: String(servicePort) }))
  await page.evaluate(() => (globalThis as any).document.getElementById('retry').click())
  await live(page)
  t.match(await shown(page), { freshness: 'fresh', status: 'Live, by WebSocket.' })
})

t.test('a page whose service is frozen does not look live', options, async (t) => {
  const { service, page } = await showing(t)
  t.teardown(() => service.child.kill('SIGCONT'))
  service.child.kill('SIGSTOP')
  t.match(await notLive(page), { isLive: false, freshness: /late|stale/, status: /The update is late|The data is old/ })
  service.child.kill('SIGCONT')
  await live(page)
})

t.test('where upgrades are refused a page has its events', options, async (t) => {
  const { page } = await showing(t, { upgrades: false })
  t.match(await shown(page), { status: 'Live, by server-sent events.', pops: '20' })
})

t.test('a page that is kept closes its connection, and is live again when it is shown', options, async (t) => {
  const { page, front } = await showing(t)
  const dispatch = (type: string) => page.evaluate((type) => {
    const { dispatchEvent, PageTransitionEvent } = globalThis as any
    dispatchEvent(new PageTransitionEvent(type, { persisted: true }))
  }, type)
  const closed = Promise.race([...front.upgraded].map((socket) => once(socket, 'close')))
  await dispatch('pagehide')
  t.match(await notLive(page), { isLive: false })
  await closed
  await dispatch('pageshow')
  await live(page)
})

t.test('back to it from another page it is the same page, from the cache, and live', options, async (t) => {
  const { page, front } = await showing(t, { keepsPages: true })
  const seen = await record(page)
  await page.goto(`http://127.0.0.1:${front.port}/health`)
  // A page from the cache has loaded already.
  await page.goBack({ waitUntil: 'commit' })
  await live(page)
  // A page that was loaded anew would not know of it.
  t.strictSame(await seen(), ['pagehide true', 'pageshow true'])
})

t.test('a page that is offline', options, async (t) => {
  t.test('goes on with a connection that is not cut: what comes is live', async (t) => {
    const { page } = await showing(t)
    const seen = await record(page)
    await page.context().setOffline(true)
    t.strictSame(await seen(), ['offline'])
    t.equal((await shown(page)).isLive, true)
    await page.context().setOffline(false)
    t.strictSame(await seen(), ['offline', 'online'])
    await live(page)
  })
  t.test('cannot come back, and does so when it is online again', async (t) => {
    const { page, front } = await showing(t)
    const seen = await record(page)
    await page.context().setOffline(true)
    for (const socket of front.sockets) socket.destroy()
    await notLive(page)
    await page.waitForSelector('body[data-freshness=stale]')
    t.match(await shown(page), { isLive: false })
    await page.context().setOffline(false)
    await live(page)
    t.strictSame(await seen(), ['offline', 'online'])
  })
})
