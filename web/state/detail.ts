import { signal, type ReadonlySignal } from '@preact/signals'
import type { Alert, Pop, Snapshot } from '../../client/types.ts'
import { appended, mergedPoints, type Point } from './points.ts'
import { problemOf, type Problem } from './problem.ts'
import type { ClosedAlert } from './spans.ts'

type Compared = Pick<Alert, 'recentMs' | 'baselineMs' | 'baselineKind' | 'changePercent' | 'zScore' | 'samples'>

/** What is used of `GET /api/pops/:code?history=60`. */
export interface PopFacts {
  readonly pop: Pop
  readonly intervalMs: number
  readonly functions: number
  readonly comparison: Compared & { readonly baselineDays: number } | null
  readonly open: readonly Alert[]
  readonly closed: readonly ClosedAlert[]
  readonly history?: ReadonlyArray<{ readonly time: string, readonly coldStartMs: number, readonly spanMs: number }>
}

/** Of what is asked for. */
export type Phase =
  | { readonly name: 'idle' }
  | { readonly name: 'loading' }
  | { readonly name: 'known' }
  | { readonly name: 'failed', readonly problem: Problem }

/** One PoP that somebody looks at. */
export interface DetailState {
  readonly code: string | null
  readonly phase: Phase
  /** As they were told last, also while they are asked for again. */
  readonly facts: PopFacts | null
  /** Of the last hour, oldest first. */
  readonly points: readonly Point[]
  /** What was last known of it, if ever anything was. */
  readonly lastKnown: Pop | null
  /** How far apart its values are, at the least. */
  readonly intervalMs: number
}

/** What is used of `fetch`. */
export type Fetch = (url: string, init: { readonly signal: AbortSignal, readonly headers: Record<string, string> }) => Promise<{
  readonly status: number
  json (): Promise<unknown>
}>

export interface DetailOptions {
  readonly fetch: Fetch
  readonly clock: { setTimeout (callback: () => void, ms: number): unknown, clearTimeout (timer: any): void }
}

export interface Detail {
  readonly state: ReadonlySignal<DetailState>
  /** Asks for another PoP; null: for none. What was under way is given up. */
  select (code: string | null): void
  /** Goes on with what an update says; to be called with each snapshot. */
  follow (snapshot: Pick<Snapshot, 'pops' | 'server' | 'freshness'>): void
  /** Asks again: after a gap, after an alert of this PoP, or because somebody wants it. */
  refetch (): void
}

/** An answer comes from memory; one that takes longer does not come. */
const TIMEOUT_MS = 10_000
/** popcast keeps no more than one value in so much time. */
const FINEST_MS = 10_000

const none: DetailState = { code: null, phase: { name: 'idle' }, facts: null, points: [], lastKnown: null, intervalMs: FINEST_MS }

export function createDetail ({ fetch, clock }: DetailOptions): Detail {
  const state = signal(none)
  let pops: Snapshot['pops'] = new Map()
  let toldAt: number | null = null
  let serverIntervalMs = 0
  let request = new AbortController()

  function set (change: Partial<DetailState>): void {
    const next = { ...state.peek(), ...change }
    state.value = { ...next, intervalMs: Math.max(FINEST_MS, serverIntervalMs, next.facts?.intervalMs ?? 0) }
  }

  async function ask (code: string): Promise<void> {
    request.abort()
    const own = request = new AbortController()
    let isLate = false
    const timer = clock.setTimeout(() => {
      isLate = true
      own.abort()
    }, TIMEOUT_MS)
    set({ phase: { name: 'loading' } })
    const answer = await answerOf(fetch, code, own.signal, () => isLate)
    clock.clearTimeout(timer)
    // Another one was asked for since, or nobody looks any more.
    if (own !== request) return
    if ('facts' in answer) taken(answer.facts)
    else set({ phase: { name: 'failed', problem: answer.problem }, ...answer.problem.kind === 'unknown-pop' && { facts: null } })
  }

  function taken (facts: PopFacts): void {
    const { points, lastKnown } = state.peek()
    const told = (facts.history ?? []).map(({ time, coldStartMs: value, spanMs }) => ({ time: Date.parse(time), value, spanMs }))
    const isNewer = lastKnown === null || Date.parse(facts.pop.sampleTime) >= Date.parse(lastKnown.sampleTime)
    set({ phase: { name: 'known' }, facts, points: mergedPoints(told, points), lastKnown: isNewer ? facts.pop : lastKnown })
  }

  return {
    state,
    select (code) {
      if (code === state.peek().code) return
      request.abort()
      state.value = { ...none, code, lastKnown: code === null ? null : pops.get(code) ?? null }
      if (code === null) request = new AbortController()
      else void ask(code)
    },
    follow ({ pops: now, server, freshness: { dataTime } }) {
      const before = pops
      const isSame = before === now && toldAt === (dataTime?.getTime() ?? null)
      pops = now
      toldAt = dataTime?.getTime() ?? null
      serverIntervalMs = server?.intervalMs ?? serverIntervalMs
      const { code, phase, points, intervalMs } = state.peek()
      if (code === null || isSame) return
      const pop = now.get(code)
      if (pop !== undefined) set({ lastKnown: pop, points: appended(points, pop, dataTime, intervalMs) })
      // It has come, or gone, since: the answer is another one now.
      const hasCome = phase.name === 'failed' && phase.problem.isPassing && pop !== undefined
      const hasGone = phase.name === 'known' && pop === undefined && before.has(code)
      if (hasCome || hasGone) void ask(code)
    },
    refetch () {
      const { code } = state.peek()
      if (code !== null) void ask(code)
    }
  }
}

/** Never rejects. */
async function answerOf (
  fetch: Fetch, code: string, signal: AbortSignal, isLate: () => boolean
): Promise<{ facts: PopFacts } | { problem: Problem }> {
  let status = 0
  try {
    const response = await fetch(`api/pops/${encodeURIComponent(code)}?history=60`, {
      signal, headers: { accept: 'application/json' }
    })
    status = response.status
    const body = await response.json()
    return status === 200 && isFacts(body) ? { facts: body } : { problem: problemOf(code, status, body) }
  } catch {
    return { problem: problemOf(code, isLate() ? 'timeout' : status, null) }
  }
}

/** An answer of something in between is none. */
function isFacts (body: unknown): body is PopFacts {
  const { pop, open, closed } = (body ?? {}) as Partial<PopFacts>
  return typeof pop?.coldStartMs === 'number' && Array.isArray(open) && Array.isArray(closed)
}
