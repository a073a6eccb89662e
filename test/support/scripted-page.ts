import type { Page, Request, Route, WebSocketRoute } from 'playwright-core'
import type { Test } from 'tap'
import type { Topic } from '../../lib/protocol/fields.ts'
import { build } from './app.ts'
import { openBlank, type PageOptions } from './chromium.ts'
import {
  alertOf, at, confirmed, openAlerts, pong, pop, popsUpdate, SERVER_START, sourceError, update, welcome
} from './feed-messages.ts'
import { deferred } from './fake-source.ts'

export interface ScriptedPage {
  readonly page: Page
  /** What happened in the page that should not: errors, warnings, what the policy refused. */
  readonly complaints: string[]
  /** What it was told last when it was greeted. */
  readonly overview: { readonly data: typeof OVERVIEW, readonly silentPops: number }
  /** As the server would, on the connection that there is. */
  say (...messages: object[]): void
  /** Ends the connection; further ones are refused until `accept`. */
  cut (code?: number): Promise<void>
  accept (): void
  /** Of a subscription, on or off. */
  refuse (isRefused: boolean): void
  /** What the page has asked to be subscribed to, oldest first. */
  readonly subscriptions: object[]
  /** What the page asks is answered not before `answer`. */
  hold (): void
  answer (): void
  /** Lets so much time pass in the page, and what has changed by then be drawn: frames are not of the page's time. */
  pass (ms: number): Promise<void>
  /** Lets time pass until it is so: when what was said arrives is not of the page's time. */
  until (isSo: () => Promise<boolean>): Promise<void>
}

export interface Script extends PageOptions {
  /** What every connection is greeted with. */
  readonly greeting?: object[]
  /** Behind `/`. */
  readonly search?: string
  /** What the page asks is not answered before `answer`. */
  readonly isHeld?: boolean
  readonly regressions?: object
}

const SILENT = { status: 'silent', healthy: false, sampleTime: at(-91_000) } as const
const SLOW = { coldStartMs: 11.2, healthy: false }

/** Twenty PoPs would say no more: one of each condition, and two that are healthy. */
export const POPS = [
  pop('fra1', { regression: 'critical', coldStartMs: 13.2, healthy: false, baselineMs: 4.5 }),
  pop('ams1', { city: 'Amsterdam', country: 'NL', latitude: 52.31, longitude: 4.76, regression: 'warning', coldStartMs: 7 }),
  pop('lhr2', { city: 'London', country: 'GB', latitude: 51.47, longitude: -0.45, ...SILENT }),
  pop('gru1', { city: 'São Paulo', country: 'BR', tier: '2', latitude: -23.43, longitude: -46.47, ...SLOW }),
  pop('nrt1', { city: 'Tokyo', country: 'JP', latitude: 35.77, longitude: 140.39, regression: 'not_enough_data' }),
  pop('iad1', { city: 'Washington', country: 'US', latitude: 38.94, longitude: -77.46 }),
  pop('lab1', { city: null, country: null, tier: null, latitude: null, longitude: null })
]
export const OVERVIEW = { totalPops: 7, healthyPops: 4, averageColdStart: 6.54, regressions: 2 }
export const ALERTS = [
  alertOf('fra1_1', { pop: 'fra1', since: at(-240_000), recentMs: 13.2, baselineMs: 4.5, changePercent: 193.3 }),
  alertOf('ams1_1', { pop: 'ams1', severity: 'warning', since: at(-600_000), recentMs: 7, baselineMs: 4.4, changePercent: 59.1 })
]

/** What a server with these PoPs says to who connects. @param now by its clock, ms after SERVER_START */
export function greeting (now = 0): object[] {
  const alerts = openAlerts([], { data: { alerts: ALERTS } })
  return [welcome({ seq: 0 }, now), ...updates(1, now), alerts, { ...pong({}, now), id: 1 }]
}

export function updates (seq: number, now: number): object[] {
  return [
    update({ seq, data: OVERVIEW, silentPops: 1 }, now),
    popsUpdate({ seq, data: { pops: POPS } }, now)
  ]
}

/**
 * The page as it is served, in a browser whose time stands still, with a server that says what the test lets it say: for what
 * the real one cannot be brought to show at a given moment.
 */
export async function openScripted (t: Test, script: Script = {}): Promise<ScriptedPage> {
  const { greeting: words = greeting(), search = '', isHeld = false, ...others } = script
  const { regressions = { open: ALERTS, closed: [] }, ...options } = others
  const { port } = await build(t)
  const page = await openBlank(t, options)
  const complaints = complaintsOf(page)
  let socket: WebSocketRoute | undefined
  let isOpen = true
  let held: Array<() => void> | null = isHeld ? [] : null
  let isRefusing = false
  const subscriptions: object[] = []
  const greeted = deferred<void>()
  const drawn = () => page.evaluate<void>('new Promise((drawn) => frame(() => frame(drawn)))')
  const pass = async (ms: number) => {
    await page.clock.runFor(ms)
    await drawn()
  }
  // How long it waits before it comes back is what it says.
  await page.addInitScript('Math.random = () => 0.5; window.frame = requestAnimationFrame.bind(window)')
  await page.clock.install({ time: new Date(SERVER_START - 1_000) })
  await page.clock.pauseAt(new Date(SERVER_START))
  // What is pressed is drawn with the next frame, also while time stands still.
  await page.addInitScript('window.requestAnimationFrame = window.frame')
  await page.routeWebSocket(/\/ws\?/, async (route) => {
    if (!isOpen) return route.close({ code: 1006 })
    socket = route
    route.onMessage((text) => {
      const asked: Asked = JSON.parse(String(text))
      if (asked.type === 'subscribe') subscriptions.push(asked)
      const answer = () => { void answerTo(route, asked, isRefusing, timeIn(page)) }
      if (held === null) answer()
      else held.push(answer)
    })
    for (const message of words) route.send(JSON.stringify(message))
    greeted.resolve()
  })
  // Where upgrades do not pass it would try the stream.
  await page.route('**/api/stream*', (route) => route.abort())
  await page.route('**/api/pops/*', (route) => answerPop(route))
  const unanswered = new Set<Request>()
  page.on('request', (request) => { if (isOfRegressions(request)) unanswered.add(request) })
  page.on('requestfinished', (request) => unanswered.delete(request))
  await page.route('**/api/regressions', (route) => route.fulfill({ json: regressions }))
  await page.goto(`http://127.0.0.1:${port}/${search}`)
  await greeted.promise
  await pass(100)
  // What it asks once it is live comes in its own time: a picture that is paused before would be without it.
  while (unanswered.size > 0) await page.waitForEvent('requestfinished')
  await drawn()
  return {
    page,
    complaints,
    overview: words.findLast(isOverview) ?? { data: OVERVIEW, silentPops: 1 },
    subscriptions,
    refuse: (isRefused) => { isRefusing = isRefused },
    say: (...messages) => { for (const message of messages) socket?.send(JSON.stringify(message)) },
    cut: async (code = 1001) => {
      isOpen = false
      await socket?.close({ code })
    },
    accept: () => { isOpen = true },
    hold: () => { held = [] },
    answer: () => {
      held?.forEach((answer) => answer())
      held = null
    },
    pass,
    until: async (isSo) => {
      while (!await isSo()) await pass(50)
    }
  }
}

function isOverview (message: object): message is ScriptedPage['overview'] {
  return 'silentPops' in message
}

function isOfRegressions (request: Request): boolean {
  return new URL(request.url()).pathname === '/api/regressions'
}

interface Asked { readonly type: string, readonly id?: number, readonly topics?: Topic[] }

/** @param now ms after SERVER_START; null: there is nobody to answer any more */
async function answerTo (
  route: WebSocketRoute, { type, id, topics = [] }: Asked, isRefusing: boolean, now: Promise<number | null>
): Promise<void> {
  const send = (message: object) => route.send(JSON.stringify({ ...message, id }))
  if (type === 'subscribe') send(isRefusing ? sourceError({ code: 'INTERNAL', retryable: true }) : confirmed({ topics }))
  if (type !== 'ping') return
  const time = await now
  if (time !== null) send(pong({}, time))
}

/** The server's clock goes as the page's does. */
async function timeIn (page: Page): Promise<number | null> {
  return page.evaluate<number>('Date.now()').then((time) => time - SERVER_START, () => null)
}

/** As GET /api/pops/:code would. */
async function answerPop (route: Route): Promise<void> {
  const code = decodeURIComponent(new URL(route.request().url()).pathname.split('/').at(-1) as string)
  const known = POPS.find((pop) => pop.code === code)
  if (known === undefined) {
    const json = { statusCode: 404, code: 'NO_SUCH_POP', error: 'Not Found', message: `there is no PoP ${code}` }
    return route.fulfill({ status: 404, json })
  }
  const open = ALERTS.filter(({ pop }) => pop === code)
  const history = Array.from({ length: 60 }, (_, minute) => ({
    time: at((minute - 60) * 60_000), coldStartMs: minute < 56 ? known.baselineMs : known.coldStartMs, spanMs: 0
  }))
  const comparison = open[0] === undefined ? null : { ...open[0], baselineDays: 1 }
  await route.fulfill({ json: { pop: known, intervalMs: 60_000, functions: 5, comparison, open, closed: [], history } })
}

function complaintsOf (page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error.stack)))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  return complaints
}
