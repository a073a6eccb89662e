import t, { type Test } from 'tap'
import { openPage, skipWithoutChromium } from '../support/chromium.ts'
import { quantile, tickCosts } from '../support/page-cost.ts'
import { portOf, startService } from '../support/service.ts'

const UPDATES = 60

async function openCrowd (t: Test) {
  const env = { BROADCAST_INTERVAL_MS: '500', QUERY_TIMEOUT_MS: '400', DEMO_SEED: '1', DEMO_POPS: '2000' }
  const port = await portOf(startService(t, env))
  const page = await openPage(t, `http://127.0.0.1:${port}/`)
  await page.locator('.headline .word', { hasText: /^LIVE$/ }).waitFor()
  return page
}

t.test(`2,000 PoPs for ${UPDATES} updates`, { skip: skipWithoutChromium }, async (t) => {
  const page = await openCrowd(t)
  const { longest, whole } = await tickCosts(page, UPDATES)
  t.equal(longest.length, UPDATES)
  const [longestMs, wholeMs] = [longest, whole].map((costs) => quantile(costs, 0.95).toFixed(1))
  t.comment(`main thread per update, p95: longest task ${longestMs} ms, CPU ${wholeMs} ms`)
  t.match(await page.locator('.tile').first().innerText(), / of 2000/)
  t.ok(await page.locator('table tbody tr').count() < 200, 'of the table only what is seen')
})

t.test('where a frame is too short for all, every part is drawn in its turn', { skip: skipWithoutChromium }, async (t) => {
  const page = await openCrowd(t)
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 8 })
  const frames = await page.evaluate<string[][]>(DRAWN_BY_FRAME)
  t.ok(frames.some((parts) => parts.length === 1), 'one by one')
})

/** The parts that each frame has drawn, until each that tells of time was drawn three times. */
const DRAWN_BY_FRAME = `new Promise((resolve) => {
  const frames = []
  const times = {}
  new MutationObserver((changes, observer) => {
    const panes = changes.map(({ target }) => target.parentElement?.closest('.pane')?.className.replace('pane pane-', ''))
    const drawn = [...new Set(panes)].filter((pane) => pane !== undefined)
    frames.push(drawn)
    for (const pane of drawn) times[pane] = (times[pane] ?? 0) + 1
    if (['tiles', 'list', 'chart', 'timeline', 'table'].some((pane) => !(times[pane] >= 3))) return
    observer.disconnect()
    resolve(frames)
  }).observe(document.querySelector('.board'), { subtree: true, childList: true, characterData: true, attributes: true })
})`
