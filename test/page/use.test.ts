import t from 'tap'
import { openBlank, skipWithoutChromium as skip } from '../support/chromium.ts'
import { proxyWithTls, skipWithoutNginx } from '../support/nginx.ts'
import { nextSeq } from '../support/page-cost.ts'
import { complaintsOf, FAST, opened, saying } from '../support/real-page.ts'
import { portOf, startService } from '../support/service.ts'

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
  // PoPs come after the overview.
  await rows.nth(19).waitFor()
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
