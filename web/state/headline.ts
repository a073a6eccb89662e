import type { ConnectionState, Freshness, Overview } from '../../client/types.ts'
import { age, asOfWords, clock, duration } from '../format.ts'

export type HeadlineKind =
  | 'failed' | 'offline' | 'reconnecting' | 'draining'
  | 'failing' | 'stale' | 'late' | 'waiting' | 'connecting' | 'empty' | 'live'

/** What the strip says first: one word that is true of the whole screen, and then why. */
export interface Headline {
  readonly kind: HeadlineKind
  readonly word: string
  readonly details: readonly string[]
  /** '3 min'; what of the details says how old the data is. null: there is none. */
  readonly age: string | null
  /** What somebody may do about it. */
  readonly action: 'try-now' | 'reload' | 'sign-in' | null
}

export interface Circumstances {
  readonly connection: ConnectionState
  readonly freshness: Freshness
  readonly overview: Overview | null
  readonly overviewWindowMs: number
  readonly isOnline: boolean
  /** Whether the feed ever was live: then what it holds is of before, until the server has said what was missed. */
  readonly wasLive: boolean
  /** As of Date.now(). */
  readonly now: number
}

const sourceProblems: Record<string, string> = {
  SOURCE_UNAVAILABLE: 'database unavailable',
  SOURCE_TIMEOUT: 'database too slow',
  FEED_UNAVAILABLE: 'feed cut off'
}
/** So much of being late is not worth a word. */
const PUNCTUAL_MS = 500

/**
 * The worst of two things that have nothing to do with each other, the connection and the data: failed, offline, reconnecting,
 * draining, source failing, stale, late, none, connecting, live.
 */
export function headlineOf (circumstances: Circumstances): Headline {
  const { ageMs } = circumstances.freshness
  return { age: ageMs === null ? null : age(ageMs), ...ofConnection(circumstances) ?? ofData(circumstances) }
}

/**
 * While the picture stands still: of when it is, and beside it what is true of the feed. How old the feed's data is would be
 * read as the age of the picture.
 */
export function pausedHeadline (feed: Headline, pausedAt: number, asOf: Date | null): Headline {
  const age = dataAge(feed.age)
  return {
    ...feed,
    word: `PAUSED since ${clock(pausedAt)}`,
    details: [
      ...asOf === null ? [] : [`picture as of ${clock(asOf)}`],
      `feed: ${feed.word}`,
      ...feed.details.filter((detail) => !age.includes(detail))
    ]
  }
}

type Said = Omit<Headline, 'age'>

function say (kind: HeadlineKind, word: string, details: readonly string[], action: Headline['action'] = null): Said {
  return { kind, word, details, action }
}

function ofConnection ({ connection, freshness, isOnline, now }: Circumstances): Said | null {
  const held = heldAge(freshness)
  switch (connection.name) {
    case 'failed': {
      const { code, closeCode, message } = connection.cause
      if (code === 'UNAUTHORIZED') return say('failed', 'STOPPED', ['a token is wanted', ...held], 'sign-in')
      return say('failed', 'STOPPED', [`${message}${closeCode === null ? '' : ` (${closeCode})`}`, ...held], 'reload')
    }
    case 'idle':
      return say('failed', 'STOPPED', ['not connected', ...held], 'reload')
    case 'waiting': {
      if (!isOnline) return say('offline', 'THIS DEVICE IS OFFLINE', held)
      const next = `next try in ${duration(connection.retryAt - now)} (try ${connection.attempt + 1})`
      return say('reconnecting', 'RECONNECTING', [next, ...held], 'try-now')
    }
    case 'connecting':
      return isOnline ? connecting(connection.attempt, freshness) : say('offline', 'THIS DEVICE IS OFFLINE', held)
    case 'draining': {
      const back = `back in about ${duration(Math.max(1_000, connection.retryAt - now))}`
      return say('draining', 'SERVER RESTARTING', [back, ...held])
    }
    default:
      return null
  }
}

/** The first attempt of all is no reconnection; what is held already says that it is one. */
function connecting (attempt: number, freshness: Freshness): Said {
  if (attempt === 0 && freshness.state === 'none') return say('connecting', 'CONNECTING', [])
  return say('reconnecting', 'RECONNECTING', [`trying now (try ${attempt + 1})`, ...heldAge(freshness)])
}

function ofData (circumstances: Circumstances): Said {
  const { connection, freshness, overview, overviewWindowMs, now } = circumstances
  const { state, sourceError, dueInMs } = freshness
  const held = heldAge(freshness)
  // There never was any, as far as the window goes.
  const isEmpty = held.length === 0 && overview?.totalPops === 0
  if (sourceError !== null) {
    const why = `${sourceProblems[sourceError.code] ?? sourceError.code} since ${asOfWords(sourceError.since, now)}`
    const word = state === 'none' || isEmpty ? 'NO DATA' : state === 'stale' ? 'STALE' : 'SOURCE FAILING'
    return say('failing', word, [why, ...held])
  }
  // What it is sent meanwhile is of before: the present state follows.
  if (connection.name === 'syncing') return syncing(circumstances)
  switch (state) {
    case 'none': return say('waiting', 'CONNECTED', ['waiting for the first data'])
    case 'stale':
      if (isEmpty) return say('stale', 'NO DATA', [noPop(overviewWindowMs)])
      return say('stale', 'STALE', [...held, ...overdue(dueInMs)])
    case 'late': return say('late', 'LATE', [...overdue(dueInMs), ...held])
    case 'fresh':
      return overview?.totalPops === 0
        ? say('empty', 'LIVE', [noPop(overviewWindowMs)])
        : say('live', 'LIVE', [...held, ...due(dueInMs)])
  }
}

function noPop (windowMs: number): string {
  return `no PoP reported in the last ${duration(windowMs)}`
}

/** What is held may be of before the connection was lost, however young it is. */
function syncing ({ freshness, wasLive }: Circumstances): Said {
  const asked = wasLive ? 'what was missed' : 'the present state'
  return say('connecting', 'CONNECTING', [`asking for ${asked}`, ...heldAge(freshness)])
}

function heldAge ({ ageMs }: Freshness): string[] {
  return dataAge(ageMs === null ? null : age(ageMs))
}

function dataAge (age: string | null): string[] {
  return age === null ? [] : [`data ${age} old`]
}

function due (dueInMs: number | null): string[] {
  if (dueInMs === null) return []
  return [dueInMs > PUNCTUAL_MS ? `next in ${duration(dueInMs)}` : 'next is due']
}

function overdue (dueInMs: number | null): string[] {
  return dueInMs === null || dueInMs > -PUNCTUAL_MS ? [] : [`update overdue ${duration(-dueInMs)}`]
}
