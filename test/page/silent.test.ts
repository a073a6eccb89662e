import t from 'tap'
import { skipWithoutChromium } from '../support/chromium.ts'
import { at, openAlerts, pong, pop, popsUpdate, update, welcome } from '../support/feed-messages.ts'
import { ALERTS, openScripted, OVERVIEW, POPS } from '../support/scripted-page.ts'

const skip = skipWithoutChromium

/** Of so many PoPs one is regressed and has been silent for 91 s; another one is regressed and reports. */
function greeting (others: number): object[] {
  const silent = { ...POPS[0]!, status: 'silent' as const, sampleTime: at(-91_000) }
  const far = Array.from({ length: others }, (_, index) =>
    pop(`far${index}`, { latitude: index % 120 - 60, longitude: Math.floor(index / 120) * 20 - 170 }))
  const pops = [silent, ...POPS.slice(1), ...far]
  const alerts = openAlerts([], { data: { alerts: ALERTS } })
  const overview = update({ data: { ...OVERVIEW, totalPops: pops.length }, silentPops: 2 })
  return [welcome({ seq: 0 }), overview, popsUpdate({ data: { pops } }), alerts, { ...pong(), id: 1 }]
}

for (const others of [0, 250]) {
  t.test(`what is regressed and silent looks as what it was, among ${7 + others}`, { skip }, async (t) => {
    const { page } = await openScripted(t, { greeting: greeting(others), search: '?pop=fra1' })
    const row = page.locator('.attention li.row-critical')
    t.match(await row.innerText(), /critical silent for 91 s\s+2 min/, 'for 4 min, until its last sample')
    t.notMatch(await row.innerText(), /13\.2|%/)
    t.notMatch(await page.locator('.attention li.row-warning').innerText(), /silent/)
    t.match(await page.locator('.pop-table .row-critical .state').innerText(), /critical, silent/)
    t.match(await page.locator('.detail-condition').innerText(), /critical\s+since 23:56Z \(2 min\)\s+silent for 91 s/i)
    t.match(await page.locator('.detail-regressions').innerText(), /since 23:56Z, open, 2 min/)
    const filled = (where: string) => page.evaluate<string>(`(() => {
      const { fill, fillOpacity } = getComputedStyle(document.querySelector(${JSON.stringify(where)}))
      return fillOpacity + fill
    })()`)
    t.match(await filled('.attention .row-critical .mark .body'), /none/)
    t.notMatch(await filled('.attention .row-warning .mark .body'), /none/)
    t.match(await filled('.map-layer-critical .mark .body'), /^0\.4/, 'an outline')
    t.match(await filled('.map-layer-warning .mark .body'), /^1/)
  })
}
