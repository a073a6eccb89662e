import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { openBlank, skipWithoutChromium, type PageOptions } from '../support/chromium.ts'
import { portOf, startService } from '../support/service.ts'

const skip = skipWithoutChromium
const FAST = { BROADCAST_INTERVAL_MS: '500', QUERY_TIMEOUT_MS: '400', DEMO_SEED: '1', DRAIN_TIMEOUT_MS: '300' }

async function saying (page: Page, word: RegExp): Promise<void> {
  await page.locator('.headline .word', { hasText: word }).waitFor()
}

async function opened (t: Test, { search = '', env = {}, ...options }: PageOptions & { search?: string, env?: object } = {}) {
  const service = startService(t, { ...FAST, ...env })
  const port = await portOf(service)
  const page = await openBlank(t, options)
  await page.goto(`http://127.0.0.1:${port}/${search}`)
  await saying(page, /^LIVE$/)
  return { page, service, port }
}

t.test('offline: it says that it is this device, and is live when it is online again', { skip }, async (t) => {
  const { page, service, port } = await opened(t)
  await page.context().setOffline(true)
  service.child.kill('SIGKILL')
  await saying(page, /^THIS DEVICE IS OFFLINE$/)
  await page.waitForFunction(() => /^offline/.test((globalThis as unknown as { document: { title: string } }).document.title))
  await portOf(startService(t, { ...FAST, PORT: String(port) }))
  await page.locator('.tiles.look-old').waitFor()
  await saying(page, /^THIS DEVICE IS OFFLINE$/)
  await page.context().setOffline(false)
  await saying(page, /^LIVE$/)
  await page.locator('.tiles.look-live').waitFor()
})

t.test('back from another page it is the same one, and live', { skip }, async (t) => {
  const { page, port } = await opened(t, { keepsPages: true })
  // A page that was loaded anew would not know of it.
  await page.evaluate('addEventListener("pageshow", ({ persisted }) => { globalThis.isKept = persisted })')
  await page.keyboard.press('[')
  await page.goto(`http://127.0.0.1:${port}/health`)
  await page.goBack({ waitUntil: 'commit' })
  await page.waitForFunction('globalThis.isKept === true')
  await saying(page, /^LIVE$/)
  await page.locator('.tiles.look-live').waitFor()
  t.match(page.url(), /window=15m/)
})

t.test('on a wall: it fits, nothing can be pressed, and it comes back by itself', { skip }, async (t) => {
  const { page, service, port } = await opened(t, { search: '?kiosk=1', viewport: { width: 1920, height: 1080 } })
  await page.locator('.attention .rest').waitFor()
  t.notOk(await page.evaluate('document.documentElement.scrollHeight > innerHeight'))
  for (const hidden of ['.filter', '.footer .actions', '.pane-table', '.tabs']) {
    t.notOk(await page.locator(hidden).isVisible(), `${hidden} is not there`)
  }
  await page.locator('html.is-idle').waitFor()
  service.child.kill('SIGKILL')
  await saying(page, /^RECONNECTING$/)
  await portOf(startService(t, { ...FAST, PORT: String(port) }))
  await saying(page, /^LIVE$/)
  t.match(page.url(), /kiosk=1/)
})

t.test('on paper it is whole, and says of when and where from it is', { skip }, async (t) => {
  const { page, port } = await opened(t, { env: { DEMO_POPS: '150' }, search: '?view=table' })
  const rows = page.locator('table tbody tr[data-index]')
  t.ok(await rows.count() < 150, 'on the screen only what is seen')
  await page.keyboard.press('p')
  await saying(page, /^PAUSED since/)
  await page.emulateMedia({ media: 'print' })
  await page.evaluate('dispatchEvent(new Event("beforeprint"))')
  await rows.nth(149).waitFor()
  const footer = page.locator('.footer')
  t.match(await footer.innerText(), /as of \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/)
  t.match(await footer.innerText(), new RegExp(`http://127.0.0.1:${port}/`))
  t.match(await page.locator('.headline').innerText(), /picture as of \d\d:\d\d:\d\dZ/)
  for (const hidden of ['.filter', '.footer .actions', '.tabs']) t.notOk(await page.locator(hidden).isVisible())
  await page.evaluate('dispatchEvent(new Event("afterprint"))')
  await page.emulateMedia({ media: 'screen' })
  await rows.nth(149).waitFor({ state: 'detached' })
  t.match((await page.pdf()).subarray(0, 5).toString(), '%PDF-')
})
