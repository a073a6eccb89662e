import type { Page } from 'playwright-core'
import t from 'tap'
import { conditions, type Condition } from '../../web/state/condition.ts'
import { skipWithoutChromium } from '../support/chromium.ts'
import { openMap, type ShownMap } from '../support/map-page.ts'
import { popAt } from '../support/map-pops.ts'

const pops = [
  { ...popAt('fra1', 50.11, 8.68, 'critical'), city: 'Frankfurt', country: 'DE', coldStartMs: 13.2 },
  popAt('fra2', 50.11, 8.68, 'warning'),
  popAt('fra3', 50.11, 8.68),
  popAt('waw1', 52.23, 21.01, 'silent'),
  popAt('gru1', -23.55, -46.63, 'slow'),
  popAt('syd1', -33.87, 151.21),
  popAt('lost1', null, null)
]

const said = (page: Page): Promise<string> => page.evaluate(`(() => {
  const id = document.activeElement.getAttribute('aria-activedescendant')
  return id === null ? document.activeElement.tagName : document.getElementById(id).textContent
})()`)
const told = (page: Page): Promise<string[]> => page.evaluate('window.told.splice(0)')

interface Measured { getBoundingClientRect (): { width: number } }

t.test('the map', { skip: skipWithoutChromium }, async (t) => {
  const { page, show } = await openMap(t)
  await page.setViewportSize({ width: 1000, height: 700 })

  await t.test('what it says in each state', async (t) => {
    const cases: { name: string, map: ShownMap, texts: RegExp, marks: number }[] = [
      { name: 'live', map: { pops }, texts: /^(?!.*as of)/, marks: 4 },
      { name: 'late', map: { pops, look: 'late' }, texts: /^(?!.*as of)/, marks: 4 },
      { name: 'old', map: { pops, look: 'old', asOf: '2026-11-25 10:39:04Z' }, texts: /as of .*10:39:04Z/, marks: 4 },
      { name: 'old, of no known time', map: { pops, look: 'old' }, texts: /out of date/, marks: 4 },
      { name: 'nothing known', map: { look: 'none' }, texts: /no data yet/, marks: 0 },
      { name: 'no PoPs', map: { isEmpty: true }, texts: /no PoP reported in the last 10 min/, marks: 0 },
      { name: 'in another window', map: { isEmpty: true, overviewWindowMs: 3_600_000 }, texts: /in the last 60 min/, marks: 0 },
      { name: 'a filter leaves none', map: { pops: [] }, texts: /no PoPs to show/, marks: 0 },
      { name: 'no coordinates', map: { pops: pops.slice(-1) }, texts: /no PoP has coordinates.*no location: 1/s, marks: 0 },
      { name: 'simulated', map: { pops, simulated: true }, texts: /SIMULATED/, marks: 4 }
    ]
    for (const { name, map, texts, marks } of cases) {
      await show(map)
      t.match(await page.evaluate('document.querySelector("main").textContent'), texts, name)
      t.equal(await page.locator('.map-marks .mark').count(), marks, name)
      t.equal(await page.getByRole('listbox').count(), marks === 0 ? 0 : 1, name)
    }
  })

  await t.test('what is old has lost its fill, and the sea is hatched', async (t) => {
    const fill = 'getComputedStyle(document.querySelector(".map-marks .mark-critical .body")).fillOpacity'
    const stroke = 'getComputedStyle(document.querySelector(".map-marks .mark-critical .body")).stroke'
    await show({ pops })
    t.equal(await page.evaluate(fill), '1')
    t.equal(await page.locator('rect[fill^=url]').count(), 0)
    await show({ pops, look: 'old' })
    t.ok(Number(await page.evaluate(fill)) < 0.5)
    t.equal(await page.evaluate(stroke), 'rgb(254, 68, 132)')
    t.equal(await page.locator('rect[fill^=url]').count(), 1)
  })

  await t.test('one tab stop, arrow keys, Home, End, Enter', async (t) => {
    await show({ pops })
    await page.keyboard.press('Tab')
    t.equal(await said(page), 'fra1, Frankfurt DE, critical, 13.2 ms, 2 more here: 1 warning, 1 healthy', 'the worst first')
    t.match(await page.getByRole('option').getAttribute('aria-setsize'), '4')
    t.equal(await page.locator('.map-tip').count(), 1, 'shown as well')
    for (const [key, expected] of [
      ['ArrowRight', /^waw1, silent/], ['ArrowDown', /^gru1, slow/], ['ArrowRight', /^syd1, healthy/], ['ArrowDown', /^syd1/],
      ['ArrowLeft', /^gru1/], ['ArrowUp', /^fra1/],
      ['End', /^syd1/], ['Home', /^fra1/]
    ] as const) {
      await page.keyboard.press(key)
      t.match(await said(page), expected, key)
    }
    await page.keyboard.press('Enter')
    await show({ pops, selected: 'fra1' })
    await page.keyboard.press('Enter')
    t.strictSame(await told(page), ['fra1', 'fra2'], 'and then the next of that place')
    await page.keyboard.press('Tab')
    t.equal(await said(page), 'BUTTON')
    await page.keyboard.press('Enter')
    t.strictSame(await told(page), ['no location'])
  })

  await t.test('the nearest mark within a finger\'s reach is meant', async (t) => {
    await show({ pops })
    const box = await page.locator('.map-marks .mark-slow').boundingBox()
    if (box === null) return t.fail('it is not drawn')
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
    await page.mouse.move(middle.x + 20, middle.y)
    t.match(await page.locator('.map-tip').textContent(), /gru1/)
    await page.keyboard.press('Escape')
    t.equal(await page.locator('.map-tip').count(), 0, 'sent away')
    await page.mouse.click(middle.x - 20, middle.y)
    await page.mouse.click(middle.x - 30, middle.y)
    t.strictSame(await told(page), ['gru1'])
  })

  await t.test('marks and names are as large on a phone as on a desk', async (t) => {
    for (const width of [360, 1_000]) {
      await page.setViewportSize({ width, height: 700 })
      await show({ pops })
      await page.waitForFunction(() => {
        const { document } = globalThis as unknown as { document: { querySelector (selector: string): Measured } }
        return Math.abs(document.querySelector('.map-marks .mark-critical').getBoundingClientRect().width - 13.3) < 1
      })
      t.pass(`${width} px`)
    }
  })

  await t.test('a tick draws again only what is another, however many there are', async (t) => {
    const all = (condition: Condition) => Array.from({ length: 2_000 }, (_, index) => (
      popAt(`p${index}`, -50 + Math.floor(index / 60) * 3, -170 + (index % 60) * 5.6, condition)
    ))
    const many = all('healthy').map((pop, index) => index % 50 === 0 ? popAt(pop.code, pop.latitude, pop.longitude, 'slow') : pop)
    const marks = async (condition: Condition) => {
      const path = await page.locator(`.map-layer-${condition} .mark`).innerHTML().catch(() => '')
      return path.match(/M/g)?.length ?? 0
    }
    await show({ pops: many })
    t.equal(await marks('healthy'), 1_960)
    t.equal(await marks('slow'), 40)
    t.ok(await show({ pops: many.map((pop) => ({ ...pop, coldStartMs: 7 })) }) <= 5, 'but the words of one')
    const worse = many.map((pop, index) => index === 77 ? popAt('p77', pop.latitude, pop.longitude, 'critical') : pop)
    t.ok(await show({ pops: worse }) < 30, 'one that changes')
    t.equal(await page.locator('.map-pulse').count(), 1)
    t.ok(await show({ pops: all('slow') }) < 30, 'and all of them')
    t.ok(await show({ pops: all('critical') }) < 1_000, 'of which some have names')
    t.equal(await marks('slow'), 0)
    t.ok(await page.locator('.map-layer-critical .mark path').count() === 2)
    t.equal(await page.locator('.map-pulse').count(), 0, 'nobody can look at so many')
  })

  await t.test('what turns critical pulses once, and what was so before does not again', async (t) => {
    const many = [1, 2, 3].map((index) => popAt(`c${index}`, 10, index * 20, 'critical'))
    await show({ pops: many.slice(0, 1) })
    await page.evaluate('window.pulse = document.querySelector(".map-pulse")')
    await show({ pops: many })
    t.equal(await page.locator('.map-pulse').count(), 3)
    t.ok(await page.evaluate('window.pulse.isConnected'), 'the element is the same')
    await show({ pops: many.slice(1) })
    t.equal(await page.locator('.map-pulse').count(), 2)
  })

  await t.test('axe finds nothing, in either theme', async (t) => {
    const maps: ShownMap[] = [
      { pops }, { pops, look: 'old', asOf: '2026-11-25 10:39:04Z', simulated: true }, { look: 'none' }, { isEmpty: true }
    ]
    for (const theme of ['dark', 'light']) {
      await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`)
      for (const map of maps) {
        await show(map)
        const violations = 'axe.run("main").then(({ violations }) => violations.map(({ id, nodes }) => id + " " + nodes[0].html))'
        t.strictSame(await page.evaluate(violations), [], `${theme} ${JSON.stringify(Object.keys(map))}`)
      }
    }
  })

  await t.test('without colours the shapes are there, and without motion nothing pulses', async (t) => {
    await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' })
    await show({ pops: conditions.map((condition, index) => popAt(condition, 10, index * 20, condition)) })
    const shapes = 'new Set(Array.from(document.querySelectorAll(".map-marks .mark"), ({ innerHTML }) => innerHTML)).size'
    t.equal(await page.evaluate(shapes), conditions.length)
    t.equal(await page.evaluate('getComputedStyle(document.querySelector(".map-pulse")).animationName'), 'none')
    const land = 'getComputedStyle(document.querySelector(".map-land"))'
    t.not(await page.evaluate(`${land}.stroke`), await page.evaluate(`${land}.fill`), 'the shore is seen')
  })
})
