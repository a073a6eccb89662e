import type { Alert, ConnectionState, FreshnessState } from '../../client/types.ts'
import { deathNotice, MORE_TAG, moreNotice, noticeOf, STREAM_TAG, type Notice } from './notices.ts'
import { defaultPreferences, type Preferences } from './preferences.ts'

export type Sound = 'critical' | 'warning' | 'stream'

/** What is to be done; another file does it. */
export type Effect =
  | { readonly type: 'sound', readonly sound: Sound }
  | Notice
  /** What was told is not so any more. */
  | { readonly type: 'withdraw', readonly tag: string }

export type AlarmEvent =
  | { readonly type: 'alert', readonly alert: Alert, readonly replay: boolean }
  /** Which regressions are open, whatever was told of them. */
  | { readonly type: 'open', readonly alerts: ReadonlyMap<string, Alert> }
  | { readonly type: 'stream', readonly isAlive: boolean }
  | { readonly type: 'preferences', readonly preferences: Preferences }
  /** Time has passed: each second, or as often as the browser lets. */
  | { readonly type: 'tick' }

interface Open { readonly pop: string, readonly severity: Alert['severity'] }

export interface AlarmState {
  readonly preferences: Preferences
  /** By id. */
  readonly open: ReadonlyMap<string, Open>
  /** The regressions that could not be heard yet, since something else was a moment ago. */
  readonly unheard: ReadonlySet<string>
  readonly soundedAt: number | null
  /** null: it is alive. */
  readonly deadSince: number | null
  readonly isDeathTold: boolean
  /** Tags of what is shown. */
  readonly notified: ReadonlySet<string>
  /** When the last notifications were made. */
  readonly notifiedAt: readonly number[]
  /** When anything was handled last. */
  readonly at: number | null
}

export const silence: AlarmState = {
  preferences: defaultPreferences,
  open: new Map(),
  unheard: new Set(),
  soundedAt: null,
  deadSince: null,
  isDeathTold: false,
  notified: new Set(),
  notifiedAt: [],
  at: null
}

/** Between two sounds. */
export const PAUSE_MS = 30_000
/** So long without a word of the stream, and that is heard. */
export const DEAD_AFTER_MS = 60_000
/** Timers of a hidden tab run once a minute: who was called later than this was asleep, and knows nothing of what was between. */
export const ASLEEP_AFTER_MS = 150_000
/** So many notifications within PAUSE_MS; the others are counted in one. */
const MAX_NOTIFICATIONS = 4

export interface Step { readonly state: AlarmState, readonly effects: readonly Effect[] }

/** What an event does to what is to be heard and shown. Pure. @param at as of Date.now() */
export function alarm (before: AlarmState, event: AlarmEvent, at: number): Step {
  const noted = noteTime(before, at)
  const { state, effects } = handle(noted, event, at)
  return withSound({ ...state, at }, effects, at)
}

/** Whether what is shown goes on. */
export function isStreamAlive (connection: ConnectionState, freshness: FreshnessState): boolean {
  return connection.name === 'live' && (freshness === 'fresh' || freshness === 'late')
}

/** While a machine sleeps, it is not the stream that is dead. A clock that was set back starts the count again. */
function noteTime (state: AlarmState, at: number): AlarmState {
  if (state.at === null || (at >= state.at && at - state.at <= ASLEEP_AFTER_MS)) return state
  const soundedAt = state.soundedAt !== null && state.soundedAt > at ? null : state.soundedAt
  const deadSince = state.deadSince === null ? null : at
  return { ...state, soundedAt, deadSince, notifiedAt: state.notifiedAt.filter((time) => time <= at) }
}

function handle (state: AlarmState, event: AlarmEvent, at: number): Step {
  switch (event.type) {
    case 'alert': return handleAlert(state, event.alert, event.replay, at)
    case 'open': return handleOpen(state, event.alerts)
    case 'stream': return handleStream(state, event.isAlive, at)
    case 'preferences': return handlePreferences(state, event.preferences)
    case 'tick': return { state, effects: [] }
  }
}

function handleAlert (state: AlarmState, alert: Alert, replay: boolean, at: number): Step {
  const { id, pop, severity } = alert
  const known = state.open.get(id)
  const open = new Map(state.open)
  if (alert.state === 'resolved') open.delete(id)
  else open.set(id, { pop, severity })
  const isWorse = known === undefined || (known.severity === 'warning' && severity === 'critical')
  const isNews = alert.state !== 'resolved' && isWorse && !replay && !isMuted(state, pop, at)
  const unheard = new Set(state.unheard)
  if (alert.state === 'resolved') unheard.delete(id)
  else if (isNews && state.preferences.sound) unheard.add(id)
  return notified({ ...state, open, unheard }, alert, isNews, replay, at)
}

function notified (state: AlarmState, alert: Alert, isNews: boolean, replay: boolean, at: number): Step {
  const isShown = state.notified.has(alert.id)
  if (!state.preferences.notifications || !(isNews || isShown)) return { state, effects: [] }
  const withdrawn: Step = {
    state: { ...state, notified: without(state.notified, alert.id) },
    effects: [{ type: 'withdraw', tag: alert.id }]
  }
  // That it is over needs no sound to be known, and what is old is no news.
  if (alert.state === 'resolved') {
    return replay ? withdrawn : { ...withdrawn, effects: [noticeOf(alert, true)] }
  }
  if (isShown) return { state, effects: replay ? [] : [noticeOf(alert, !isNews)] }
  const recent = state.notifiedAt.filter((time) => at - time < PAUSE_MS)
  if (recent.length >= MAX_NOTIFICATIONS) {
    const severities = Array.from(state.open.values(), ({ severity }) => severity)
    return { state: { ...state, notified: new Set([...state.notified, MORE_TAG]) }, effects: [moreNotice(severities)] }
  }
  return {
    state: { ...state, notified: new Set([...state.notified, alert.id]), notifiedAt: [...recent, at] },
    effects: [noticeOf(alert, false)]
  }
}

/** What is not open any more without a word of its end: it ended while nobody was connected. */
function handleOpen (state: AlarmState, alerts: ReadonlyMap<string, Alert>): Step {
  const isGone = (id: string) => !alerts.has(id)
  const gone = [...state.notified].filter((tag) => tag !== STREAM_TAG && (tag === MORE_TAG ? alerts.size === 0 : isGone(tag)))
  if (gone.length === 0 && ![...state.open.keys()].some(isGone)) return { state, effects: [] }
  return {
    state: {
      ...state,
      open: new Map([...state.open].filter(([id]) => !isGone(id))),
      unheard: new Set([...state.unheard].filter((id) => !isGone(id))),
      notified: new Set([...state.notified].filter((tag) => !gone.includes(tag)))
    },
    effects: gone.map((tag) => ({ type: 'withdraw', tag }))
  }
}

function handleStream (state: AlarmState, isAlive: boolean, at: number): Step {
  if (!isAlive) return { state: { ...state, deadSince: state.deadSince ?? at }, effects: [] }
  const effects: Effect[] = state.notified.has(STREAM_TAG) ? [{ type: 'withdraw', tag: STREAM_TAG }] : []
  return { state: { ...state, deadSince: null, isDeathTold: false, notified: without(state.notified, STREAM_TAG) }, effects }
}

/** What happened while sound was off, or muted, is not made up for. */
function handlePreferences (state: AlarmState, preferences: Preferences): Step {
  return { state: { ...state, preferences, unheard: preferences.sound ? state.unheard : new Set() }, effects: [] }
}

/** The worst of what is to be heard, if it may be heard now. A dead screen goes first: it says nothing of anything else. */
function withSound (state: AlarmState, effects: readonly Effect[], at: number): Step {
  const death = tellDeath(state, at)
  const told = { state: death.state, effects: [...effects, ...death.effects] }
  if (!state.preferences.sound || !isPauseOver(state, at)) return told
  if (death.isHeard) return heard(told, 'stream', at)
  const audible = [...state.unheard].flatMap((id) => state.open.get(id) ?? []).filter(({ pop }) => !isMuted(state, pop, at))
  const rest = { ...told, state: { ...told.state, unheard: new Set<string>() } }
  if (audible.length === 0) return rest
  return heard(rest, audible.some(({ severity }) => severity === 'critical') ? 'critical' : 'warning', at)
}

function heard ({ state, effects }: Step, sound: Sound, at: number): Step {
  return { state: { ...state, soundedAt: at }, effects: [...effects, { type: 'sound', sound }] }
}

/** Once, until it lives again; with sound that waits for its turn, so does the rest of it. */
function tellDeath (state: AlarmState, at: number): Step & { isHeard: boolean } {
  const { deadSince, isDeathTold, preferences: { sound, notifications } } = state
  const isDue = deadSince !== null && at - deadSince > DEAD_AFTER_MS && !isDeathTold && !isMuted(state, null, at)
  if (!isDue || !(sound || notifications) || (sound && !isPauseOver(state, at))) return { state, effects: [], isHeard: false }
  const told = { ...state, isDeathTold: true }
  if (!notifications) return { state: told, effects: [], isHeard: sound }
  return { state: { ...told, notified: new Set([...told.notified, STREAM_TAG]) }, effects: [deathNotice], isHeard: sound }
}

function isPauseOver ({ soundedAt }: AlarmState, at: number): boolean {
  return soundedAt === null || at - soundedAt >= PAUSE_MS
}

/** @param pop null: the stream itself, which only the mute of everything silences */
function isMuted ({ preferences: { mutedUntil, mutedPops } }: AlarmState, pop: string | null, at: number): boolean {
  if (mutedUntil !== null && at < mutedUntil) return true
  return pop !== null && Object.hasOwn(mutedPops, pop) && at < mutedPops[pop]!
}

function without (tags: ReadonlySet<string>, tag: string): ReadonlySet<string> {
  return tags.has(tag) ? new Set([...tags].filter((other) => other !== tag)) : tags
}
