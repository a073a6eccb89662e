import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { openPage, skipWithoutChromium } from '../support/chromium.ts'
import { fed, samples } from '../support/fed-service.ts'
import { findFlux, findInfluxql, isV2, startV1, writeLines, type Engine } from '../support/influxd.ts'
import { portOf, startService } from '../support/service.ts'

const skip = skipWithoutChromium
const flux = findFlux()
const binary = flux !== null && !isV2(flux) ? flux : findInfluxql()
const MEASUREMENT = 'of_a_page'

async function saying (page: Page, word: RegExp): Promise<void> {
  await page.locator('.headline .word', { hasText: word }).waitFor()
}

/** Writes to it for as long as the test lasts, as writers do: what it does not take is lost. */
function keepWriting (t: Test, engine: Engine): void {
  const write = () => {
    const rest = `function_name=auth cold_start_time_ms=5 ${Date.now()}`
    const lines = ['fra1', 'ams1'].map((pop) => `${MEASUREMENT},pop_code=${pop},${rest}`)
    void writeLines(engine, lines).catch(() => {})
  }
  write()
  const timer = setInterval(write, 500)
  t.teardown(() => clearInterval(timer))
}

t.test('a database that goes away and comes back', { skip: skip || (binary === null && 'no influxd') }, async (t) => {
  const engine = await startV1(binary as string, binary === flux ? 'flux' : 'influxql')
  t.teardown(() => engine.stop())
  keepWriting(t, engine)
  const pace = { BROADCAST_INTERVAL_MS: '2000', QUERY_TIMEOUT_MS: '1900' }
  const service = startService(t, { ...pace, ...engine.env, INFLUXDB_MEASUREMENT: MEASUREMENT })
  const page = await openPage(t, `http://127.0.0.1:${await portOf(service)}/`)
  await page.getByText('2 of 2').waitFor()
  await saying(page, /^LIVE$/)

  engine.process?.kill('SIGKILL')
  await page.locator('.headline', { hasText: /^(SOURCE FAILING|STALE).*database unavailable since/ }).waitFor()
  await saying(page, /^STALE$/)
  await page.locator('.tiles.look-old').waitFor()
  t.match(await page.title(), /^STALE/)
  t.match(await page.locator('.tile').first().innerText(), /2 of 2/, 'what was known is still there, and looks old')
  await page.locator('.map-banner', { hasText: 'as of' }).waitFor()

  await engine.restart()
  await saying(page, /^LIVE$/)
  await page.locator('.tiles.look-live').waitFor()
  t.equal(await page.locator('.map-banner').count(), 0)
})

t.test('a regression that opens and resolves', { skip }, async (t) => {
  const { port, feed } = await fed(t, samples(), {})
  await feed(5)
  const page = await openPage(t, `http://127.0.0.1:${port}/?pop=fra1`)
  await saying(page, /^LIVE$/)
  await page.locator('.attention .empty').waitFor()
  t.equal(await page.title(), 'popcast')

  for (let tick = 0; tick < 2; tick++) await feed(10)
  await page.locator('.attention .row-critical', { hasText: 'fra1' }).waitFor()
  await page.waitForFunction('document.title === "(1!) 1 critical - popcast"')
  await page.locator('.bar[data-open=true][aria-label^="fra1"]').waitFor()
  const sheet = page.locator('aside.detail')
  await sheet.locator('.detail-regressions', { hasText: 'open' }).waitFor()
  await page.locator('[aria-live=polite]', { hasText: 'Critical: fra1.' }).waitFor({ state: 'attached' })

  for (let tick = 0; tick < 6; tick++) await feed(5)
  await page.locator('.attention .empty').waitFor()
  await page.waitForFunction('document.title === "popcast"')
  await page.locator('.bar .end-recovered').waitFor()
  await sheet.locator('.detail-regressions', { hasText: 'recovered' }).waitFor()
  t.match(await page.locator('.tile').nth(2).innerText(), /0/)
})
