import t from 'tap'
import { skipWithoutChromium } from '../support/chromium.ts'
import { alertOf, at, openAlerts, pong, pop, popsUpdate, update, welcome } from '../support/feed-messages.ts'
import { OVERVIEW, openScripted, type ScriptedPage } from '../support/scripted-page.ts'

const skip = skipWithoutChromium

/** Slow and silent ones, in so many countries that what is said of those that do not fit takes lines of its own. */
function troubled (count: number) {
  return Array.from({ length: count }, (_, index) => pop(`pop${index + 1}`, {
    country: `C${index % 11}`,
    tier: String(index % 3 + 1),
    healthy: false,
    ...index % 2 === 0 ? { coldStartMs: 20 + index } : { status: 'silent', sampleTime: at(-60_000 - index) }
  }))
}

function told (count: number, seq: number, now = 0): object[] {
  const data = { ...OVERVIEW, totalPops: count + 4, healthyPops: 4, regressions: 0 }
  return [update({ seq, data, silentPops: count / 2 }, now), popsUpdate({ seq, data: { pops: troubled(count) } }, now)]
}

/** As many as lanes of their own are given. */
const ALERTS = Array.from({ length: 9 }, (_, index) => alertOf(`pop${index + 1}-1`, { pop: `pop${index + 1}` }))

function greetingOf (count: number): object[] {
  return [welcome({ seq: 0 }), ...told(count, 1), openAlerts([], { data: { alerts: ALERTS } }), { ...pong(), id: 1 }]
}

/** What somebody sees of the list. */
interface Seen {
  readonly rows: number
  readonly total: number
  readonly more: number
  readonly cut: string[]
  readonly scrolls: boolean
}

/** In the page: whatever of the list does not lie within its panel. */
const LOOK = `(() => {
  const list = document.querySelector('.attention')
  const inside = list.getBoundingClientRect()
  const rows = [...list.querySelectorAll('li')]
  const isCut = (element) => {
    const { top, bottom } = element.getBoundingClientRect()
    return top < inside.top || bottom > inside.bottom || element.scrollHeight > element.clientHeight + 1
  }
  const listEnd = list.querySelector('ol')?.getBoundingClientRect().bottom ?? 0
  const parts = [...list.querySelectorAll('h2, .more, .rest'), ...rows]
  return {
    rows: rows.length,
    total: Number(list.querySelector('.count')?.textContent ?? 0),
    more: Number(/^\\d+/.exec(list.querySelector('.more')?.textContent ?? '')?.[0] ?? 0),
    cut: [
      ...parts.filter(isCut).map((element) => element.className + ' ' + element.textContent),
      ...rows.filter((row) => row.getBoundingClientRect().bottom > listEnd + 0.5).map((row) => 'row ' + row.textContent)
    ],
    scrolls: document.querySelector('#app').scrollHeight > innerHeight + 1
  }
})()`

async function looked ({ page, pass }: ScriptedPage): Promise<Seen> {
  // Sizes are told after the layout, and then it is drawn again.
  for (let turn = 0; turn < 3; turn++) await pass(50)
  return page.evaluate<Seen>(LOOK)
}

for (const [width, height] of [[1280, 900], [1366, 768], [1920, 1080], [3840, 2160]] as const) {
  t.test(`on a wall of ${width} x ${height} nothing of the list is cut`, { skip }, async (t) => {
    const script = { search: '?kiosk=1', greeting: greetingOf(60), regressions: { open: ALERTS, closed: [] } }
    const scripted = await openScripted(t, { ...script, viewport: { width, height } })
    const many = await looked(scripted)
    t.strictSame(many.cut, [])
    t.notOk(many.scrolls)
    t.ok(many.rows >= 3, `${many.rows} rows`)
    t.equal(many.total, 60)
    t.equal(many.more, 60 - many.rows, 'the others are counted')
    t.equal(await scripted.page.locator('.lane').count(), 3)
    t.ok(await scripted.page.getByText('6 more PoPs').isVisible(), 'and so are lanes')

    await scripted.pass(10_000)
    scripted.say(...told(2, 2, 10_000))
    await scripted.until(async () => Number(await scripted.page.locator('.attention .count').textContent()) === 2)
    const few = await looked(scripted)
    t.match(few, { rows: 2, total: 2, more: 0, cut: [], scrolls: false })

    await scripted.page.setViewportSize({ width, height: height - 150 })
    await scripted.pass(10_000)
    scripted.say(...told(60, 3, 20_000))
    await scripted.until(async () => Number(await scripted.page.locator('.attention .count').textContent()) === 60)
    const lower = await looked(scripted)
    t.match(lower, { cut: [], scrolls: false, more: 60 - lower.rows }, 'whatever size it has become')
  })
}
