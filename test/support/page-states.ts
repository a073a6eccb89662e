import { at, INTERVAL_MS, openAlerts, pong, popsUpdate, sourceError, update, welcome } from './feed-messages.ts'
import { greeting, updates, type Script, type ScriptedPage } from './scripted-page.ts'

export interface State extends Script {
  readonly name: string
  /** From the greeting on. */
  readonly then?: (scripted: ScriptedPage) => Promise<void>
  readonly title: RegExp
  readonly headline: RegExp
  /** How the data may look. */
  readonly look: 'none' | 'live' | 'late' | 'old'
}

const nothing = { totalPops: 0, healthyPops: 0, averageColdStart: 0, regressions: 0 }

/** Those of the page that look different, and what each must say. */
export const states: State[] = [
  {
    name: 'live',
    title: /^\(1!\) 1 critical, 1 warning - popcast$/,
    headline: /^LIVE data 1\.\d s old next in \d+ s$/,
    look: 'live'
  },
  {
    name: 'late',
    then: async ({ pass }) => pass(14_000),
    title: /^\(1!\)/,
    headline: /^LATE update overdue 4 s data 15 s old$/,
    look: 'late'
  },
  {
    name: 'stale',
    then: async ({ say, pass, overview: { data, silentPops } }) => {
      for (let seq = 2; seq <= 19; seq++) {
        const now = (seq - 1) * INTERVAL_MS
        await pass(INTERVAL_MS)
        say(update({ seq, status: 'stale', data, silentPops, dataTime: at(-1_000), ageMs: now + 1_000 }, now))
      }
      await pass(100)
    },
    title: /^STALE 3 min - popcast$/,
    headline: /^STALE data 3 min old$/,
    look: 'old'
  },
  {
    name: 'there never was any data',
    greeting: [
      welcome({ seq: 0 }),
      update({ data: nothing, silentPops: 0, status: 'stale', dataTime: null, ageMs: null }),
      popsUpdate({ data: { pops: [] }, status: 'stale', dataTime: null, ageMs: null }),
      openAlerts([]),
      { ...pong(), id: 1 }
    ],
    title: /^no data - popcast$/,
    headline: /^NO DATA no PoP reported in the last 10 min$/,
    look: 'old'
  },
  {
    name: 'source failing',
    then: async ({ say, pass }) => {
      say(sourceError({ code: 'SOURCE_UNAVAILABLE' }))
      await pass(1_000)
    },
    title: /^\(1!\)/,
    headline: /^SOURCE FAILING database unavailable since 00:00:00Z data 2\.\d s old$/,
    look: 'live'
  },
  {
    name: 'reconnecting',
    then: async ({ cut, pass }) => {
      await cut()
      await pass(6_000)
    },
    title: /^reconnecting - popcast$/,
    headline: /^RECONNECTING (next try in \d+ s|trying now) \(try \d+\) data \d(\.\d)? s old$/,
    look: 'live'
  },
  {
    name: 'reconnecting for long',
    then: async ({ cut, pass }) => {
      await cut()
      await pass(60_000)
    },
    title: /^reconnecting - popcast$/,
    headline: /^RECONNECTING .*data 6\d s old$/,
    look: 'old'
  },
  {
    name: 'draining',
    then: async ({ say, pass }) => {
      const data = { message: 'shutting down', timestamp: at(0) }
      say({ type: 'server_shutdown', data, reconnect: true, retryAfterMs: 2_000, closeCode: 1001 })
      await pass(100)
    },
    title: /^\(1!\)/,
    headline: /^SERVER RESTARTING back in about 2 s data 1\.\d s old$/,
    look: 'live'
  },
  {
    name: 'no data yet',
    greeting: [welcome({ seq: 0, headSeq: 0 }), openAlerts([], { seq: 0 }), { ...pong({ seq: 0, headSeq: 0 }), id: 1 }],
    regressions: { open: [], closed: [] },
    title: /^waiting - popcast$/,
    headline: /^CONNECTED waiting for the first data$/,
    look: 'none'
  },
  {
    name: 'no data, database unavailable',
    greeting: [
      welcome({ seq: 0, headSeq: 0 }),
      sourceError({ code: 'SOURCE_UNAVAILABLE', dataTime: null, ageMs: null }),
      openAlerts([], { seq: 0 }),
      { ...pong({ seq: 0, headSeq: 0 }), id: 1 }
    ],
    regressions: { open: [], closed: [] },
    title: /^no data - popcast$/,
    headline: /^NO DATA database unavailable since 00:00:00Z$/,
    look: 'none'
  },
  {
    name: 'no PoPs',
    greeting: [
      welcome({ seq: 0 }),
      update({ data: nothing, dataTime: null, ageMs: null }),
      popsUpdate({ data: { pops: [] } }),
      openAlerts([]),
      { ...pong(), id: 1 }
    ],
    regressions: { open: [], closed: [] },
    title: /^no PoPs - popcast$/,
    headline: /^LIVE no PoP reported in the last 10 min$/,
    look: 'live'
  },
  {
    name: 'stopped',
    then: async ({ cut, pass }) => {
      await cut(4501)
      await pass(100)
    },
    title: /^STOPPED - popcast$/,
    headline: /^STOPPED .*\(4501\) data 1\.\d s old$/,
    look: 'live'
  },
  {
    name: 'simulated',
    greeting: greeting().map((message, index) => index === 0 ? { ...message, source: 'demo' } : message),
    title: /^\(1!\)/,
    headline: /^LIVE/,
    look: 'live'
  },
  {
    name: 'paused',
    then: async ({ page, say, pass }) => {
      await page.keyboard.press('p')
      await pass(10_000)
      say(...updates(2, 10_000))
      await pass(100)
    },
    title: /^\(1!\)/,
    headline: /^PAUSED since 00:00:00Z picture as of 23:59:59Z feed: LIVE next in 10 s$/,
    look: 'live'
  },
  {
    name: 'paused, and then reconnecting',
    then: async ({ page, cut, pass }) => {
      await page.keyboard.press('p')
      await cut()
      await pass(60_000)
    },
    title: /^reconnecting - popcast$/,
    headline: /^PAUSED since 00:00:00Z picture as of 23:59:59Z feed: RECONNECTING [^.]*$/,
    look: 'live'
  },
  {
    name: 'connected again, before what was missed has come',
    then: async ({ cut, accept, hold, pass, page }) => {
      await cut()
      await pass(100)
      hold()
      accept()
      await page.getByRole('button', { name: 'Try now' }).click()
      await pass(1_000)
    },
    title: /^connecting - popcast$/,
    headline: /^CONNECTING asking for what was missed data \d\.\d s old$/,
    look: 'live'
  },
  { name: 'drill-down', search: '?pop=fra1', title: /^\(1!\)/, headline: /^LIVE/, look: 'live' },
  { name: 'drill-down of what is not known', search: '?pop=nope', title: /^\(1!\)/, headline: /^LIVE/, look: 'live' },
  { name: 'filtered', search: '?country=NL,BR', title: /^\(1!\)/, headline: /^LIVE/, look: 'live' }
]
