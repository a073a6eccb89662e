import { lookOf, type WatchState } from './state.ts'
import { age, countdown, reasonOf, shortClock } from './words.ts'

export type Tone = 'live' | 'late' | 'stale' | 'waiting' | 'stopped'

export interface Headline {
  readonly tone: Tone
  readonly word: string
  /** What matters most comes first. */
  readonly details: readonly string[]
}

/** The worst of the connection and of the data, which are two things. */
export function headline (state: WatchState): Headline {
  return ofConnection(state) ?? arriving(state) ?? ofData(state)
}

/** A moment after an outage: that the data is old or late has its reason, which is over. */
function arriving (state: WatchState): Headline | null {
  if (!state.isArriving || lookOf(state) === 'none') return null
  return { tone: 'waiting', word: 'CONNECTED', details: ['waiting for data', ...ages(state)] }
}

function ofConnection (state: WatchState): Headline | null {
  const { connection, server, now } = state
  const again = server === null ? 'CANNOT CONNECT' : 'RECONNECTING'
  switch (connection.name) {
    case 'failed':
      return { tone: 'stopped', word: 'STOPPED', details: [reasonOf(connection.cause), ...ages(state)] }
    case 'waiting': {
      const { retryAt, attempt, cause } = connection
      const isRestart = cause.code === 'SHUTDOWN'
      const when = [`next try in ${countdown(retryAt - now)}`, ...isRestart ? [] : [`(try ${attempt + 1})`]]
      return {
        tone: 'waiting',
        word: isRestart ? 'SERVER RESTARTING' : again,
        details: [...when, ...ages(state), ...isRestart ? [] : [reasonOf(cause)]]
      }
    }
    case 'draining':
      return {
        tone: 'waiting',
        word: 'SERVER RESTARTING',
        details: [`back in ${countdown(connection.retryAt - now)}`, ...ages(state)]
      }
    case 'connecting': {
      const { attempt } = connection
      if (attempt === 0 && server === null) return { tone: 'waiting', word: 'CONNECTING', details: [] }
      return { tone: 'waiting', word: again, details: ['trying now', `(try ${attempt + 1})`, ...ages(state)] }
    }
    case 'idle':
    case 'syncing':
      return lookOf(state) === 'none' ? { tone: 'waiting', word: 'CONNECTING', details: [] } : null
    case 'live':
      return null
  }
}

/** Of what is shown while there is no connection: the word for old data is never missing. */
function ages ({ freshness: { state, ageMs } }: WatchState): string[] {
  if (ageMs === null) return state === 'stale' ? ['STALE'] : []
  return [`${state === 'stale' ? 'STALE: ' : ''}data ${age(ageMs)} old`]
}

const failures = {
  SOURCE_UNAVAILABLE: 'database unavailable',
  SOURCE_TIMEOUT: 'database does not answer',
  FEED_UNAVAILABLE: 'feed cut off'
} as const

function ofData ({ freshness, overview, server, now }: WatchState): Headline {
  const { state, ageMs, dueInMs, sourceError } = freshness
  const why = sourceError === null ? [] : [`${failures[sourceError.code]} since ${shortClock(sourceError.since, now)}`]
  const old = ageMs === null ? [] : [`data ${age(ageMs)} old`]
  const next = dueInMs !== null && dueInMs > 0 ? [`next in ${countdown(dueInMs)}`] : []
  if (state === 'none') return { tone: 'waiting', word: 'CONNECTED', details: ['waiting for the first data', ...why] }
  const window = server === null ? '' : ` in the last ${age(server.overviewWindowMs)}`
  const isEmpty = overview?.totalPops === 0
  // There never was any, as far as the window goes.
  if (state === 'stale' && isEmpty && ageMs === null) {
    return { tone: 'stale', word: 'NO DATA', details: [`no PoP reported${window}`, ...why] }
  }
  if (state === 'stale') return { tone: 'stale', word: 'STALE', details: [...old, ...why] }
  if (sourceError !== null) return { tone: 'late', word: 'SOURCE FAILING', details: [...why, ...old] }
  if (state === 'late') return { tone: 'late', word: 'LATE', details: [...overdue(dueInMs), ...old] }
  if (isEmpty) return { tone: 'live', word: 'LIVE', details: [`no PoP reported${window}`, ...next] }
  return { tone: 'live', word: 'LIVE', details: [...old, ...next] }
}

function overdue (dueInMs: number | null): string[] {
  return dueInMs !== null && dueInMs < 0 ? [`update overdue ${age(-dueInMs)}`] : ['update overdue']
}
