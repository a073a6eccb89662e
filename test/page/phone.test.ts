import type { Page } from 'playwright-core'
import t from 'tap'
import { skipWithoutChromium } from '../support/chromium.ts'
import { openAlerts, pong, popsUpdate, update, welcome } from '../support/feed-messages.ts'
import { states } from '../support/page-states.ts'
import { ALERTS, openScripted, OVERVIEW, POPS, type ScriptedPage } from '../support/scripted-page.ts'

const skip = skipWithoutChromium
const PHONE = { width: 360, height: 740 }
const become = (name: string, scripted: ScriptedPage) => states.find((state) => state.name === name)!.then!(scripted)
const fillOf = (page: Page, part: string): Promise<string> =>
  page.locator(`${part} .body`).first().evaluate((body) => (globalThis as any).getComputedStyle(body).fill)

/** What charts write from now on: the words of the last painting that has come since. */
async function recorded (page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(`(() => {
    const { fillText, clearRect } = CanvasRenderingContext2D.prototype
    window.written = []
    Object.assign(CanvasRenderingContext2D.prototype, {
      clearRect (...box) { window.written = []; clearRect.apply(this, box) },
      fillText (words, ...place) { window.written.push(words); fillText.call(this, words, ...place) }
    })
  })()`)
  return () => page.evaluate('window.written')
}

t.test('a sheet that lies over the strip says what the strip says', { skip }, async (t) => {
  const { page, cut, pass, until } = await openScripted(t, { viewport: PHONE, search: '?pop=fra1' })
  const feed = page.locator('aside.detail .detail-feed')
  t.match(await feed.innerText(), /^LIVE\s+data 1\.\d s old/)
  const filled = await fillOf(page, '.detail-present')
  t.match(filled, /^rgb/)
  await cut()
  await until(async () => /^RECONNECTING/.test(await feed.innerText()))
  t.match(await feed.innerText(), /data [1-3]\.\d s old/)
  await page.locator('aside.detail').evaluate((sheet: any) => sheet.scrollTo(0, sheet.scrollHeight))
  const { y, height } = (await feed.boundingBox())!
  t.ok(y >= 0 && y + height <= PHONE.height, 'also when it is scrolled')
  t.equal(await fillOf(page, '.detail-present'), filled)
  await pass(60_000)
  await page.locator('aside.detail.look-old').waitFor()
  t.match(await feed.innerText(), /^RECONNECTING\s.*data 6\d s old/s)
  t.equal(await fillOf(page, '.detail-present'), 'none', 'what is old has no filling')
  await page.setViewportSize({ width: 1280, height: 740 })
  t.notOk(await feed.isVisible(), 'where there is room for both, the strip says it')
})

t.test('on a phone the age of a number stands beside its name', { skip }, async (t) => {
  const scripted = await openScripted(t, { viewport: PHONE, search: '?country=NL,DE' })
  await become('stale', scripted)
  for (const tile of await scripted.page.locator('.tile').all()) {
    const [name, note] = [(await tile.locator('h2').boundingBox())!, (await tile.locator('small').boundingBox())!]
    t.match(await tile.locator('small').innerText(), 'all PoPs, 3 min old')
    t.ok(name.x + name.width <= note.x || name.y + name.height <= note.y, await tile.innerText())
  }
})

t.test('that there is no data is written only where there is none', { skip }, async (t) => {
  const scripted = await openScripted(t, { viewport: { width: 1280, height: 740 } })
  await become('stale', scripted)
  const label = scripted.page.getByText('no data since 23:59:59Z')
  const heading = scripted.page.getByRole('heading', { name: 'Regressions, last hour as of 23:59:59Z' })
  await heading.scrollIntoViewIfNeeded()
  t.notOk(await label.isVisible(), 'three minutes of an hour have no room for it')
  t.ok(await heading.isVisible())
  t.match(await scripted.page.locator('.chart-overview h2').innerText(), 'as of 23:59:59Z')
  const written = await recorded(scripted.page)
  await scripted.page.keyboard.press('[')
  await label.waitFor({ state: 'visible' })
  await scripted.until(async () => (await written()).includes('no data since 23:59:59Z'))
  await scripted.page.keyboard.press(']')
  await label.waitFor({ state: 'hidden' })
  await scripted.until(async () => (await written()).includes('23:10Z'))
  t.notOk((await written()).some((words) => words.startsWith('no data')), 'nor in the chart')
  await scripted.page.keyboard.press('[')
  await label.waitFor({ state: 'visible' })
  const [gap, words] = await Promise.all(['.lanes-unknown', '.lanes-unknown small'].map((part) =>
    scripted.page.locator(part).boundingBox()))
  t.ok(words!.x >= gap!.x && words!.x + words!.width <= gap!.x + gap!.width, 'within it')
})

t.test('how much slower a PoP is is never cut off: part of a number is another one', { skip }, async (t) => {
  const pops = POPS.map((pop) => pop.regression === 'none' ? pop : { ...pop, coldStartMs: 127.6, baselineMs: 27.7 })
  const alerts = openAlerts([], { data: { alerts: ALERTS } })
  const overview = update({ data: OVERVIEW, silentPops: 1 })
  const greeting = [welcome({ seq: 0 }), overview, popsUpdate({ data: { pops } }), alerts, { ...pong(), id: 1 }]
  for (const width of [320, 340, 360]) {
    const { page } = await openScripted(t, { greeting, viewport: { width, height: 740 } })
    const changes = await page.locator('.attention .change').all()
    t.ok(changes.length > 1)
    for (const change of changes) {
      const [box, line] = [(await change.boundingBox())!, (await change.locator('xpath=..').boundingBox())!]
      const isWhole = box.x + box.width <= line.x + line.width && box.y + box.height <= line.y + line.height + 1
      t.ok(isWhole, `${width} px: ${await change.innerText()}`)
    }
    t.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true)
  }
})
