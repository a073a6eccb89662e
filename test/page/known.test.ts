import t from 'tap'
import { skipWithoutChromium } from '../support/chromium.ts'
import { openAlerts, pong } from '../support/feed-messages.ts'
import { ALERTS, greeting, openScripted, updates } from '../support/scripted-page.ts'

const skip = skipWithoutChromium

t.test('what has not come yet is a dash and not a zero', { skip }, async (t) => {
  const [welcome, overview, pops] = greeting() as [object, object, object]
  const { page, say, until, pass } = await openScripted(t, { greeting: [welcome, overview], isHeld: true })
  // So long it waits for the present state before it draws what there is.
  await pass(250)
  const regressed = page.locator('.tile').nth(2)
  await page.getByText('4 of 7').waitFor()
  t.equal(await regressed.locator('b').innerText(), '\u2014', 'open regressions')
  t.match(await page.locator('.attention').innerText(), 'no data yet', 'nothing is known of any PoP')
  say(pops)
  await until(async () => await page.locator('.attention li').count() === 4)
  t.match(await page.locator('.attention .rest').innerText(), /2 healthy\s+1 not enough data\s+all 7 in the table/)
  t.equal(await regressed.locator('b').innerText(), '\u2014')
  say(openAlerts([], { data: { alerts: ALERTS } }), { ...pong(), id: 1 })
  await until(async () => await regressed.locator('b').innerText() === '2')
})

t.test('an end that nobody saw is dotted from when it was last known to be open', { skip }, async (t) => {
  const { page, cut, accept, hold, answer, pass, say, until } = await openScripted(t)
  const tryNow = page.getByRole('button', { name: 'Try now' })
  await cut()
  await pass(30_000)
  // Until then a try may be under way, which would be let in.
  await until(() => tryNow.isVisible())
  hold()
  accept()
  await tryNow.click()
  await until(async () => (await page.locator('.headline').innerText()).startsWith('CONNECTING'))
  say(...updates(2, 30_000), openAlerts([], { seq: 2, data: { alerts: ALERTS.slice(1) } }))
  answer()
  const lane = page.locator('.lane', { hasText: 'fra1' })
  const bar = lane.locator('.bar[aria-label*="ended between 23:59:59Z and 00:00:29Z"]')
  await until(async () => await bar.count() === 1)
  const [solid, dotted] = [(await bar.boundingBox())!, (await lane.locator('.bar-rest').boundingBox())!]
  t.ok(Math.abs(solid.x + solid.width - dotted.x) < 1, 'behind it')
  t.equal(await lane.locator('.bar-end').count(), 0, 'and no end is marked')
  t.equal(await page.locator('.bar-rest').count(), 1, 'what is still open was open all the time')
})
