import { computed, signal, type ReadonlySignal } from '@preact/signals'
import type { Alert, PopcastEvents, Snapshot } from '../../client/types.ts'
import { pruned, withAlert, withOpen, withRegressions, type Regressions, type Span, type Spans } from './spans.ts'

/** What is used of a `PopcastClient`. */
export interface AlertFeed {
  readonly snapshot: Snapshot
  on<Name extends keyof PopcastEvents> (name: Name, listener: (event: PopcastEvents[Name]) => void): () => void
}

export interface SpanLog {
  readonly spans: ReadonlySignal<readonly Span[]>
  /** Ends it. */
  close (): void
}

/** After a failure, at the earliest. */
const RETRY_MS = 30_000

/**
 * Regressions over time: of `GET /api/regressions` each time that the feed becomes live, then by its alerts. What it could not
 * be told while it was away is known from the next answer.
 * @param get answers with the body of api/regressions, or throws
 */
export function createSpanLog (feed: AlertFeed, get: () => Promise<Regressions>, now: () => number): SpanLog {
  const known = signal<Spans>(new Map())
  let waiting: Alert[] = []
  let openSeen: Snapshot['alerts'] | null = null
  let state: 'wanted' | 'asking' | 'had' = 'wanted'
  let askedAt = -Infinity
  let knownAt: number | undefined

  /** Time of the data, which is that of the update whose alerts these are. */
  const at = () => feed.snapshot.freshness.dataTime?.getTime() ?? now()

  async function ask (): Promise<void> {
    state = 'asking'
    askedAt = now()
    try {
      const regressions = await get()
      known.value = withRegressions(known.peek(), regressions)
      openSeen = null
      take()
      state = 'had'
    } catch {
      state = 'wanted'
    }
  }

  function take (): void {
    const { alerts, connection } = feed.snapshot
    let next = known.peek()
    for (const alert of waiting) next = withAlert(next, alert, at())
    waiting = []
    // Only while it is live is it known that there are no others.
    if (connection.name === 'live' && alerts !== openSeen) {
      next = withOpen(next, alerts, at(), knownAt)
      openSeen = alerts
    }
    if (connection.name === 'live') knownAt = at()
    known.value = pruned(next, at())
    if (connection.name === 'live' && state === 'wanted' && now() - askedAt >= RETRY_MS) void ask()
  }

  const ends = [
    // Its update follows in the same turn.
    feed.on('alert', ({ alert }) => waiting.push(alert)),
    feed.on('change', take),
    feed.on('connection', ({ name }) => {
      if (name !== 'live') openSeen = null
      else if (state !== 'asking') void ask()
    })
  ]
  if (feed.snapshot.connection.name === 'live') void ask()
  return { spans: computed(() => [...known.value.values()]), close: () => ends.forEach((end) => end()) }
}
