import { batch, computed, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import type { Freshness, PopcastEvents, Pop, Snapshot, Subscription } from '../../client/types.ts'
import { parseAddress, type Address } from './address.ts'
import { feedNow } from './feed-time.ts'
import { matches, popsFilterOf } from './filter.ts'
import { headlineOf, type Headline } from './headline.ts'
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
}

export interface Model {
  readonly address: Signal<Address>
  readonly pause: Signal<Pause | null>
  readonly isOnline: Signal<boolean>
  /** What is shown. */
  readonly snapshot: ReadonlySignal<Snapshot>
  readonly freshness: ReadonlySignal<Freshness>
  readonly look: ReadonlySignal<Look>
  /** As of Date.now(), each second. */
  readonly now: ReadonlySignal<number>
  /** The same by the clock that the samples have, whatever the viewer's shows. */
  readonly feedNow: ReadonlySignal<number>
  /** Until when durations run: with data that is old they stop where it ends. */
  readonly until: ReadonlySignal<number>
  readonly asOf: ReadonlySignal<Date | null>
  /** How it is at this moment, also while the picture stands still. */
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
  const latest = signal(feed.snapshot)
  const second = signal(clock())
  feed.on('change', (snapshot) => {
    batch(() => {
      latest.value = snapshot
      second.value = clock()
    })
  })

  const latestFreshness = computed(() => second.value >= 0 && latest.value !== null ? feed.freshness() : latest.value.freshness)
  const snapshot = computed(() => pause.value?.snapshot ?? latest.value)
  const freshness = computed(() => pause.value?.freshness ?? latestFreshness.value)
  const look = computed(() => lookOf(freshness.value.state))
  const now = computed(() => pause.value?.at ?? second.value)
  const feedTime = computed(() => feedNow(freshness.value, now.value))
  const asOf = computed(() => look.value === 'old' || pause.value !== null ? freshness.value.dataTime : null)
  const shownPops = computed(() => snapshot.value.pops)
  return {
    address,
    pause,
    isOnline,
    snapshot,
    freshness,
    look,
    now,
    feedNow: feedTime,
    until: computed(() => look.value === 'old' ? freshness.value.dataTime?.getTime() ?? feedTime.value : feedTime.value),
    asOf,
    headline: computed(() => headlineOf({
      connection: latest.value.connection,
      freshness: latestFreshness.value,
      overview: latest.value.overview,
      overviewWindowMs: latest.value.server?.overviewWindowMs ?? OVERVIEW_WINDOW_MS,
      isOnline: isOnline.value,
      now: second.value
    })),
    pops: computed(() => [...shownPops.value.values()].filter((pop) => matches(address.value, pop))),
    tick: () => { second.value = clock() },
    togglePause: () => {
      pause.value = pause.value === null
        ? { at: second.value, snapshot: latest.value, freshness: latestFreshness.value }
        : null
    }
  }
}

/** What is asked of the server: everything that the page shows, of the PoPs only those that the filter leaves. */
export function subscriptionOf (address: Address): Subscription {
  return { metrics: true, alerts: true, pops: popsFilterOf(address) }
}
