import { effect, signal } from '@preact/signals'
import { render } from 'preact'
import { PopcastClient } from '../client/index.ts'
import { createActions } from './actions.ts'
import { createAlarms } from './alarms.ts'
import { createAnnouncement } from './announce.tsx'
import { App } from './app.tsx'
import { createCredentials } from './credentials.ts'
import { createDialogs } from './dialogs.tsx'
import { drawByFrame } from './drawing.ts'
import { listen } from './listen.ts'
import { parseAddress } from './state/address.ts'
import { createDetail } from './state/detail.ts'
import { followFeed } from './state/detail-feed.ts'
import { held, heldDetail } from './state/held.ts'
import { createModel, subscriptionOf } from './state/model.ts'
import { createSpanLog } from './state/span-log.ts'
import { watchScreen } from './screen.ts'
import { watchTab } from './tab.ts'
import { keepVisits } from './visits.ts'
import './style.css'

// Relative, so that it works under any path.
const subscribe = subscriptionOf(parseAddress(location.search))
const credentials = createCredentials()
const client = new PopcastClient(() => new URL('ws', document.baseURI), { subscribe, token: () => credentials.token.peek() })
const model = createModel(client, location.search, Date.now, navigator.onLine)
const alarms = createAlarms((code) => { if (code !== null) actions.select(code) })
const regressions = async () => (await credentials.fetch('api/regressions', { headers: { accept: 'application/json' } })).json()
const spanLog = createSpanLog(client, regressions, Date.now)
const detail = createDetail({ fetch: credentials.fetch, clock: globalThis })
followFeed(detail, client)
effect(() => detail.select(model.address.value.pop))

const toast = signal<string | null>(null)
const screen = watchScreen(model)
const dialogs = createDialogs(model, alarms, {
  isRefused: () => credentials.token.value !== '',
  with (token) {
    credentials.keep(token)
    client.connect()
  }
})
client.on('connection', (connection) => {
  if (connection.name === 'failed' && connection.cause.code === 'UNAUTHORIZED') dialogs.open.value = 'sign-in'
})
const actions = createActions({ client, model, alarms, dialogs, detail, go: keepVisits(model), toast })
listen({ client, model, alarms, actions, detail })
watchTab(model)

const context = {
  model,
  actions,
  spans: held(spanLog.spans, model.pause),
  detail: heldDetail(detail.state, model.pause),
  theme: screen.theme,
  isPrinting: screen.isPrinting,
  isWall: screen.isWall,
  cursor: signal<number | null>(null),
  toast,
  mutedUntil (pop: string) {
    const { sound, notifications, mutedPops } = alarms.preferences.value
    return sound || notifications ? mutedPops[pop] ?? null : undefined
  },
  dialogs: dialogs.Dialogs,
  announcement: createAnnouncement(model)
}

/** What the document says by itself is true for so long; a page that is drawn twice has its first number later. */
const PATIENCE_MS = 250
const starting: ReadonlySet<string> = new Set(['connecting', 'syncing'])
const patience = setTimeout(draw, PATIENCE_MS)
let isDrawn = false
const endWaiting = client.on('change', ({ overview, freshness: { state }, connection: { name } }) => {
  // What is old may be of before: the present state follows.
  if (!isDrawn && starting.has(name) && (overview === null || state !== 'fresh')) return
  draw()
  if (overview === null) return
  endWaiting()
  // Not before, since the first number waits for no frame.
  setTimeout(drawByFrame)
})

function draw (): void {
  if (isDrawn) return
  isDrawn = true
  clearTimeout(patience)
  const root = document.getElementById('app') as HTMLElement
  root.replaceChildren()
  render(<App context={context} />, root)
}
