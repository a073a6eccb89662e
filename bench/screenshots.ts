/**
 * Pictures of the page in every state that tests know, and on other screens: npm run screenshots [-- FOLDER [NAME ...]]
 * Of a server that says what the state needs, with twenty PoPs and an hour of history.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Pop } from '../client/index.ts'
import { simulatedPops } from '../lib/simulation/pops.ts'
import { at, INTERVAL_MS, openAlerts, pong, pop, popsUpdate, update, welcome } from '../test/support/feed-messages.ts'
import { states } from '../test/support/page-states.ts'
import { ALERTS, openScripted, type Script } from '../test/support/scripted-page.ts'

interface Shot extends Script {
  readonly name: string
  readonly then?: (scripted: Awaited<ReturnType<typeof openScripted>>) => Promise<void>
}

const HISTORY = 360
const DESKTOP = { width: 1440, height: 1080 }
const PHONE = { width: 360, height: 740 }

const [folder = 'docs/page', ...wanted] = process.argv.slice(2)
const troubled: Record<string, Partial<Pop>> = {
  fra1: { coldStartMs: 13.2, baselineMs: 4.5, healthy: false, regression: 'critical' },
  ams1: { coldStartMs: 7, regression: 'warning' },
  lhr1: { status: 'silent', healthy: false, sampleTime: at(-91_000) },
  gru1: { coldStartMs: 11.2, healthy: false }
}
const closed = [{
  ...ALERTS[0],
  id: 'syd1_0',
  pop: 'syd1',
  severity: 'warning',
  since: at(-2_700_000),
  closedAt: at(-1_500_000),
  closeReason: 'recovered'
}]
const shots: Shot[] = [
  ...states.filter(({ name }) => !name.startsWith('drill-down')),
  { name: 'light', colorScheme: 'light' },
  { name: 'phone', viewport: PHONE },
  { name: 'phone light', viewport: PHONE, colorScheme: 'light' },
  { name: 'phone drill-down', viewport: PHONE, search: '?pop=fra1' },
  { name: 'drill-down', search: '?pop=fra1' },
  { name: 'kiosk', viewport: { width: 1920, height: 1080 }, search: '?kiosk=1' },
  { name: '2000 PoPs', greeting: hello(2_000) },
  { name: 'print', then: async ({ page }) => page.emulateMedia({ media: 'print' }) },
  { name: 'forced colours', forcedColors: 'active' }
]

mkdirSync(folder, { recursive: true })
for (const { name, then, ...script } of shots) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const ends: Array<() => unknown> = []
  const t = { teardown: (end: () => unknown) => { ends.push(end) } } as unknown as Test
  const isQuiet = script.greeting !== undefined && name !== '2000 PoPs'
  const scripted = await openScripted(t, {
    viewport: DESKTOP,
    colorScheme: 'dark',
    greeting: hello(20),
    regressions: { open: isQuiet ? [] : ALERTS, closed: isQuiet ? [] : closed },
    ...script
  })
  await then?.(scripted)
  await scripted.pass(200)
  await scripted.page.screenshot({ path: join(folder, `${name.replace(/\W+/g, '-')}.png`) })
  for (const end of ends.reverse()) await end()
}
process.exit()

function hello (count: number): object[] {
  const pops = fleet(count)
  const data = (seq: number) => ({
    totalPops: count, healthyPops: pops.filter(({ healthy }) => healthy).length, averageColdStart: meanAt(seq), regressions: 2
  })
  const history = Array.from({ length: HISTORY }, (_, index) => {
    const now = (index - HISTORY) * INTERVAL_MS
    return update({ seq: index + 1, data: data(index), replay: true }, now)
  })
  const seq = HISTORY + 1
  return [
    welcome({ seq: 0, headSeq: seq }),
    // A gap, as while nobody was connected.
    ...history.filter((_, index) => index < 120 || index > 150),
    update({ seq, data: data(HISTORY), silentPops: 1 }),
    popsUpdate({ seq, data: { pops } }),
    openAlerts([], { seq, data: { alerts: ALERTS } }),
    { ...pong({ seq, headSeq: seq }), id: 1 }
  ]
}

function fleet (count: number): Pop[] {
  return simulatedPops(count).map(({ tier, ...place }, index) => {
    const coldStartMs = 4 + (index * 7) % 13 / 4
    const baseline = { baselineMs: coldStartMs * 0.98, baselineLowMs: coldStartMs * 0.7, baselineHighMs: coldStartMs * 1.35 }
    return pop(place.code, { ...place, tier: String(tier), coldStartMs, ...baseline, ...troubled[place.code] })
  })
}

function meanAt (index: number): number {
  return 5.4 + Math.sin(index / 14) * 0.25 + Math.sin(index / 3.1) * 0.12 + (index > 336 ? (index - 336) / 22 : 0)
}
