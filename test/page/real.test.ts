import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { openBlank, skipWithoutChromium } from '../support/chromium.ts'
import { proxyWithTls, skipWithoutNginx } from '../support/nginx.ts'
import { nextSeq } from '../support/page-cost.ts'
import { portOf, startService, type Service } from '../support/service.ts'

const FAST = { BROADCAST_INTERVAL_MS: '500', QUERY_TIMEOUT_MS: '400', DEMO_SEED: '1', DRAIN_TIMEOUT_MS: '300' }
const skip = skipWithoutChromium

/** What happened in the page that should not. */
function complaintsOf (page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error.stack)))
  page.on('console', (message) => {
    // That a server is gone a browser says by itself.
    if (message.type() === 'error' && !/ERR_|WebSocket connection/.test(message.text())) complaints.push(message.text())
  })
  return complaints
}

async function saying (page: Page, word: RegExp): Promise<void> {
  await page.locator('.headline .word', { hasText: word }).waitFor()
}

async function looking (page: Page, look: string): Promise<void> {
  await page.locator(`.tiles.look-${look}`).waitFor()
}

async function opened (t: Test, search = ''): Promise<{ page: Page, service: Service, port: number, complaints: string[] }> {
  const service = startService(t, FAST)
  const port = await portOf(service)
  const page = await openBlank(t)
  const complaints = complaintsOf(page)
  await page.goto(`http://127.0.0.1:${port}/${search}`)
  await saying(page, /^LIVE$/)
  return { page, service, port, complaints }
}

t.test('a server that is killed: never live again until another one is', { skip }, async (t) => {
  const { page, service, port, complaints } = await opened(t)
  const epoch = /epoch \w+/
  const before = epoch.exec(await page.locator('.footer').innerText())?.[0]
  service.child.kill('SIGKILL')
  await saying(page, /^RECONNECTING$/)
  await looking(page, 'old')
  t.match(await page.title(), /reconnecting/)
  t.ok(await page.locator('.world-map[data-look=old]').count())

  await portOf(startService(t, { ...FAST, PORT: String(port) }))
  await saying(page, /^LIVE$/)
  await looking(page, 'live')
  t.not(epoch.exec(await page.locator('.footer').innerText())?.[0], before, 'it is what the new one says')
  t.strictSame(complaints, [])
})

t.test('a server that stands still: late, then old, and live when it goes on', { skip }, async (t) => {
  const { page, service, complaints } = await opened(t)
  service.child.kill('SIGSTOP')
  await saying(page, /^LATE$/)
  await looking(page, 'old')
  service.child.kill('SIGCONT')
  await saying(page, /^LIVE$/)
  await looking(page, 'live')
  t.strictSame(complaints, [])
})

t.test('a server that shuts down says when it will be back', { skip }, async (t) => {
  const { page, service, port } = await opened(t)
  service.child.kill('SIGTERM')
  await saying(page, /^(SERVER RESTARTING|RECONNECTING)$/)
  await service.exit
  await portOf(startService(t, { ...FAST, PORT: String(port) }))
  await saying(page, /^LIVE$/)
})

t.test('a link opens a PoP, and Back closes what was opened', { skip }, async (t) => {
  const { page, port, complaints } = await opened(t, '?pop=fra1')
  const sheet = page.locator('aside.detail')
  t.match(await sheet.innerText(), /fra1/)
  await page.goto(`http://127.0.0.1:${port}/?pop=nowhere`)
  await sheet.getByText('nowhere is not known').first().waitFor()
  await page.goto(`http://127.0.0.1:${port}/`)
  await page.locator('table button', { hasText: 'ams1' }).click()
  await sheet.waitFor()
  t.match(page.url(), /\?pop=ams1$/)
  await page.goBack()
  await sheet.waitFor({ state: 'detached' })
  t.notMatch(page.url(), /pop=/)
  t.strictSame(complaints.filter((text) => !/404/.test(text)), [], 'but for the PoP that is not known')
})

t.test('a filter narrows what is shown, what is asked for, and the link', { skip }, async (t) => {
  const port = await portOf(startService(t, FAST))
  const page = await openBlank(t)
  const sent: string[] = []
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(String(payload))))
  await page.goto(`http://127.0.0.1:${port}/`)
  await saying(page, /^LIVE$/)
  const rows = page.locator('table [role=row], table tbody tr')
  t.ok(await rows.count() >= 20)
  await page.keyboard.press('/')
  await page.keyboard.type('country:DE')
  await page.getByText('1 of 20 PoPs').waitFor()
  t.match(page.url(), /\?country=DE$/)
  for (let seq = ''; !sent.some((text) => /"country":\["DE"/.test(text));) seq = await nextSeq(page, seq)
  await page.keyboard.press('Escape')
  await page.getByText('1 of 20 PoPs').waitFor({ state: 'detached' })
})

t.test('by the keyboard alone', { skip }, async (t) => {
  const { page } = await opened(t)
  await page.keyboard.press('?')
  await page.locator('dialog[open]').waitFor()
  await page.keyboard.press('Escape')
  await page.locator('dialog[open]').waitFor({ state: 'detached' })
  await page.keyboard.press('t')
  await page.locator('html[data-theme=dark]').waitFor()
  await page.keyboard.press('[')
  t.match(page.url(), /window=15m/)
  await page.keyboard.press('p')
  await saying(page, /^PAUSED since/)
  await page.keyboard.press('p')
  await page.locator('.headline', { hasText: 'PAUSED' }).waitFor({ state: 'detached' })
  await page.locator('table button', { hasText: 'fra1' }).focus()
  await page.keyboard.press('Enter')
  await page.locator('aside.detail').waitFor()
  await page.keyboard.press('Escape')
  await page.locator('aside.detail').waitFor({ state: 'detached' })
})

t.test('behind nginx with TLS, under a path', { skip: skip || skipWithoutNginx }, async (t) => {
  const port = await portOf(startService(t, FAST))
  const own = await proxyWithTls(t, port)
  const page = await openBlank(t, { ignoreHTTPSErrors: true })
  const complaints = complaintsOf(page)
  await page.goto(`https://127.0.0.1:${own}/live/?pop=fra1`)
  await saying(page, /^LIVE$/)
  t.match(await page.locator('.footer').innerText(), /websocket/)
  await page.locator('aside.detail', { hasText: 'own interval' }).waitFor()
  t.strictSame(complaints, [])
  await page.locator('.footer a', { hasText: 'PoPs' }).click()
  t.match(page.url(), /\/live\/api\/pops$/)
})
