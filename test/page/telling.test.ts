import t from 'tap'
import { skipWithoutChromium } from '../support/chromium.ts'
import { alertMessage, alertOf, popsUpdate, update } from '../support/feed-messages.ts'
import { openScripted, OVERVIEW, POPS, updates } from '../support/scripted-page.ts'

const skip = skipWithoutChromium
const HEALTHY = { healthy: true, regression: 'none', coldStartMs: 4.4 } as const

t.test('what has become critical is announced, and what comes soon after it later', { skip }, async (t) => {
  const { page, say, pass, until } = await openScripted(t)
  const region = page.locator('[aria-live=polite]')
  t.equal(await region.textContent(), 'Live.')
  const raised = (code: string, seq: number) =>
    say(alertMessage(`${code}_9`, 'opened', { seq, data: alertOf(`${code}_9`, { pop: code }) }), ...updates(seq, 1_000 * seq))
  raised('gru1', 2)
  await until(async () => (await page.title()).includes('2 critical'))
  t.equal(await region.textContent(), 'Live.', 'not within 10 s')
  raised('nrt1', 3)
  await until(async () => (await page.title()).includes('3 critical'))
  await pass(10_000)
  // What is true then; it is drawn with the next frame.
  await region.getByText('Critical: gru1, nrt1.').waitFor()
})

t.test('while it is paused nothing of the picture moves, and the tab tells of the feed', { skip }, async (t) => {
  const { page, say, pass, cut, until } = await openScripted(t, { search: '?pop=fra1' })
  const parts = ['.tiles', '.pane-map', '.attention', '.pane-chart', '.timeline', '.pop-table', 'aside.detail']
  const picture = () => Promise.all(parts.map((part) => page.locator(part).first().ariaSnapshot()))
  await page.keyboard.press('p')
  await pass(100)
  const [before, icon] = [await picture(), await page.locator('link[rel=icon]').getAttribute('href')]
  // Before the next one is overdue: asked then whether it is still there, the server would have to answer in the page's time.
  await pass(9_000)
  say(
    alertMessage('fra1_1', 'resolved', { seq: 2 }),
    update({ seq: 2, data: { ...OVERVIEW, healthyPops: 7, regressions: 0 } }, 9_000),
    popsUpdate({ seq: 2, data: { pops: POPS.map((pop) => ({ ...pop, ...HEALTHY })) } }, 9_000)
  )
  await until(async () => await page.title() === '(1) 1 warning - popcast')
  t.strictSame(await picture(), before)
  t.not(await page.locator('link[rel=icon]').getAttribute('href'), icon)
  await cut()
  await until(async () => await page.title() === 'reconnecting - popcast')
  t.strictSame(await picture(), before)
  await page.keyboard.press('p')
  await pass(100)
  t.notSame(await picture(), before)
  t.match(await page.locator('.tile').first().innerText(), /7 of 7/)
})

t.test('a PoP that is opened while it is paused says that it may be newer', { skip }, async (t) => {
  const { page, pass } = await openScripted(t)
  await page.keyboard.press('p')
  await page.locator('.attention [data-code=fra1]').click()
  await page.getByText('asked for while the picture stood still').waitFor()
  await page.keyboard.press('p')
  await pass(100)
  await page.getByText('asked for while the picture stood still').waitFor({ state: 'detached' })
})
