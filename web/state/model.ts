import { batch, computed, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import type { Freshness, PopcastEvents, Pop, Snapshot, Subscription } from '../../client/types.ts'
import { parseAddress, type Address } from './address.ts'
import { feedNow } from './feed-time.ts'
import { matches, popsFilterOf } from './filter.ts'
import { headlineOf, pausedHeadline, type Headline } from './headline.ts'
import { lookOf, type Look } from './look.ts'

/** What the page needs of a `PopcastClient`. */
export interface Feed {
  readonly snapshot: Snapshot
  freshness (): Freshness
  on<Name extends keyof PopcastEvents> (name: Name, listener: (event: PopcastEvents[Name]) => void): () => void
  setSubscription (subscription: Subscription): Promise<void>
}

/** The picture as it was when somebody stopped it; the feed goes on behind it. */
export interface Pause {
  readonly at: number
  readonly snapshot: Snapshot
  readonly freshness: Freshness
  readonly wasLive: boolean
}

/** How the feed is at this moment, also while the picture stands still. */
export interface Latest {
  readonly snapshot: ReadonlySignal<Snapshot>
  readonly freshness: ReadonlySignal<Freshness>
  readonly look: ReadonlySignal<Look>
  readonly headline: ReadonlySignal<Headline>
  /** Whether it ever was live: before, not all has come that there is. */
  readonly wasLive: ReadonlySignal<boolean>
  /** As of Date.now(), each second. */
  readonly now: ReadonlySignal<number>
}

export interface Model {
  readonly address: Signal<Address>
  readonly pause: Signal<Pause | null>
  readonly isOnline: Signal<boolean>
  readonly latest: Latest
  /** What is shown. */
  readonly snapshot: ReadonlySignal<Snapshot>
  readonly freshness: ReadonlySignal<Freshness>
  readonly look: ReadonlySignal<Look>
  /** Whether all has come that there is, PoPs and open regressions too. */
  readonly isWhole: ReadonlySignal<boolean>
  /** As of Date.now(), of what is shown. */
  readonly now: ReadonlySignal<number>
  /** The same by the clock that the samples have, whatever the viewer's shows. */
  readonly feedNow: ReadonlySignal<number>
  /** Until when durations run: with data that is old they stop where it ends. */
  readonly until: ReadonlySignal<number>
  /** Of what time the picture is, when that is not now. */
  readonly asOf: ReadonlySignal<Date | null>
  /** What the strip says: how the feed is, and that the picture stands still if it does. */
  readonly headline: ReadonlySignal<Headline>
  /** The PoPs that pass the filter. */
  readonly pops: ReadonlySignal<readonly Pop[]>
  /** To be called each second. */
  tick (): void
  togglePause (): void
}

const OVERVIEW_WINDOW_MS = 600_000

/** What the page shows, made of what the client knows, the address and the time. */
export function createModel (feed: Feed, search: string, clock: () => number, online = true): Model {
  const address = signal(parseAddress(search))
  const isOnline = signal(online)
  const pause = signal<Pause | null>(null)
  const { latest, tick } = follow(feed, clock, isOnline)
  const snapshot = computed(() => pause.value?.snapshot ?? latest.snapshot.value)
  const freshness = computed(() => pause.value?.freshness ?? latest.freshness.value)
  const look = computed(() => lookOf(freshness.value.state))
  const now = computed(() => pause.value?.at ?? latest.now.value)
  const feedTime = computed(() => feedNow(freshness.value, now.value))
  const asOf = computed(() => look.value === 'old' || pause.value !== null ? freshness.value.dataTime : null)
  const shownPops = computed(() => snapshot.value.pops)
  return {
    address,
    pause,
    isOnline,
    latest,
    snapshot,
    freshness,
    look,
    isWhole: computed(() => pause.value?.wasLive ?? latest.wasLive.value),
    now,
    feedNow: feedTime,
    until: computed(() => look.value === 'old' ? freshness.value.dataTime?.getTime() ?? feedTime.value : feedTime.value),
    asOf,
    headline: computed(() => pause.value === null
      ? latest.headline.value
      : pausedHeadline(latest.headline.value, pause.value.at, asOf.value)),
    pops: computed(() => [...shownPops.value.values()].filter((pop) => matches(address.value, pop))),
    tick,
    togglePause: () => {
      pause.value = pause.value === null
        ? {
            at: latest.now.value,
            snapshot: latest.snapshot.value,
            freshness: latest.freshness.value,
            wasLive: latest.wasLive.value
          }
        : null
    }
  }
}

/** Carries what the client tells, and what the time makes of it. */
function follow (feed: Feed, clock: () => number, isOnline: ReadonlySignal<boolean>): { latest: Latest, tick (): void } {
  const snapshot = signal(feed.snapshot)
  const now = signal(clock())
  const wasLive = signal(feed.snapshot.connection.name === 'live')
  feed.on('change', (next) => {
    batch(() => {
      snapshot.value = next
      now.value = clock()
      if (next.connection.name === 'live') wasLive.value = true
    })
  })
  const freshness = computed(() => now.value >= 0 && snapshot.value !== null ? feed.freshness() : snapshot.value.freshness)
  const headline = computed(() => headlineOf({
    connection: snapshot.value.connection,
    freshness: freshness.value,
    overview: snapshot.value.overview,
    overviewWindowMs: snapshot.value.server?.overviewWindowMs ?? OVERVIEW_WINDOW_MS,
    isOnline: isOnline.value,
    wasLive: wasLive.value,
    now: now.value
  }))
  const look = computed(() => lookOf(freshness.value.state))
  return { latest: { snapshot, freshness, look, headline, wasLive, now }, tick: () => { now.value = clock() } }
}

/**
 * What is asked of the server: everything that the page shows, of the PoPs only those that the filter leaves.
 * @param open the PoP that is looked at closely, also if the filter leaves it out
 */
export function subscriptionOf (address: Address, open: Pop | null = null): Subscription {
  return { metrics: true, alerts: true, pops: popsFilterOf(address, open) }
}
