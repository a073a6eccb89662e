import type { Page } from 'playwright-core'
import t from 'tap'
import { skipWithoutChromium } from '../support/chromium.ts'
import { openAlerts, pong, popsUpdate, update, welcome } from '../support/feed-messages.ts'
import { ALERTS, openScripted, OVERVIEW, POPS, updates } from '../support/scripted-page.ts'

const skip = skipWithoutChromium
const sheetOf = (page: Page) => page.locator('aside.detail')

t.test('a filter that the server does not widen says so, and is asked for again', { skip }, async (t) => {
  const few = [
    welcome({ seq: 0 }), update({ seq: 1, data: OVERVIEW }), popsUpdate({ seq: 1, data: { pops: POPS.slice(0, 1) } }),
    openAlerts([], { data: { alerts: ALERTS } }), { ...pong(), id: 1 }
  ]
  const { page, pass, refuse, subscriptions, say, until } = await openScripted(t, { search: '?country=DE', greeting: few })
  await page.getByText('1 of 7 PoPs').waitFor()
  refuse(true)
  await page.getByRole('button', { name: 'Clear' }).click()
  await pass(500)
  t.match(subscriptions, [{ topics: ['metrics', 'alerts', 'pops'] }])
  t.ok(await page.getByText('1 of 7 PoPs').isVisible(), 'although no filter is written')
  refuse(false)
  await pass(2_000)
  t.equal(subscriptions.length, 2)
  say(...updates(2, 2_000))
  await until(async () => await page.getByText(/\d of \d PoPs/).count() === 0)
  await pass(120_000)
  t.equal(subscriptions.length, 2)
})

t.test('a PoP that the filter leaves out is asked for while it is looked at', { skip }, async (t) => {
  const { page, pass, subscriptions } = await openScripted(t, { search: '?country=NL' })
  await page.locator('.bar[aria-label^="fra1"]').click()
  await sheetOf(page).waitFor()
  await pass(500)
  t.match(subscriptions.at(-1), { pops: { country: ['NL', 'nl', 'Nl', 'DE'] } })
  await page.keyboard.press('Escape')
  await sheetOf(page).waitFor({ state: 'detached' })
  await pass(500)
  t.match(subscriptions.at(-1), { pops: { country: ['NL', 'nl', 'Nl'] } })
})
