import t from 'tap'
import { skipWithoutChromium } from '../support/chromium.ts'
import { openAlerts, pong } from '../support/feed-messages.ts'
import { ALERTS, greeting, openScripted } from '../support/scripted-page.ts'

const skip = skipWithoutChromium

t.test('what has not come yet is a dash and not a zero', { skip }, async (t) => {
  const [welcome, overview, pops] = greeting() as [object, object, object]
  const { page, say, until } = await openScripted(t, { greeting: [welcome, overview], isHeld: true })
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
