import t from 'tap'
import { openPage, skipWithoutChromium } from '../support/chromium.ts'
import { quantile, tickCosts } from '../support/page-cost.ts'
import { portOf, startService } from '../support/service.ts'

const UPDATES = 30

t.test(`2,000 PoPs for ${UPDATES} updates`, { skip: skipWithoutChromium }, async (t) => {
  const env = { BROADCAST_INTERVAL_MS: '500', QUERY_TIMEOUT_MS: '400', DEMO_SEED: '1', DEMO_POPS: '2000' }
  const port = await portOf(startService(t, env))
  const page = await openPage(t, `http://127.0.0.1:${port}/`)
  await page.locator('.headline .word', { hasText: /^LIVE$/ }).waitFor()
  const costs = await tickCosts(page, UPDATES)
  t.equal(costs.length, UPDATES)
  const [middle, most] = [0.5, 0.95].map((share) => quantile(costs, share).toFixed(1))
  t.comment(`CPU of the main thread per update: ${middle} ms, p95 ${most} ms`)
  t.match(await page.locator('.tile').first().innerText(), / of 2000/)
  t.ok(await page.locator('table tbody tr').count() < 200, 'of the table only what is seen')
})
