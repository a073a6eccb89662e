import type { Subscription } from '../../client/types.ts'

export interface SubscriberOptions {
  /** What is asked for already. */
  readonly first: Subscription
  /** Rejects when the server refuses: then it is as it was. */
  readonly subscribe: (subscription: Subscription) => Promise<void>
  readonly clock: { setTimeout (callback: () => void, ms: number): unknown, clearTimeout (timer: any): void }
}

/** Somebody who writes a filter is not asked for after each letter. */
export const SETTLED_AFTER_MS = 400
/** What is refused is asked for again after this, then after twice as long, up to the longest. */
export const RETRY_MS = 2_000
export const LONGEST_RETRY_MS = 60_000

/** Sees to it that in the end the server is asked for what is wanted, whatever it refuses. @returns takes what is wanted */
export function createSubscriber ({ first, subscribe, clock }: SubscriberOptions): (wanted: Subscription) => void {
  let wanted = first
  let had = JSON.stringify(first)
  let refusals = 0
  let isAsking = false
  let timer: unknown

  function askIn (ms: number): void {
    clock.clearTimeout(timer)
    timer = clock.setTimeout(() => { void ask() }, ms)
  }

  async function ask (): Promise<void> {
    const asked = JSON.stringify(wanted)
    // Who has an answer to come asks afterwards.
    if (isAsking || asked === had) return
    isAsking = true
    try {
      await subscribe(wanted)
      had = asked
      refusals = 0
    } catch {
      refusals++
    }
    isAsking = false
    if (JSON.stringify(wanted) !== had) askIn(refusals === 0 ? 0 : Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** (refusals - 1)))
  }

  return (next) => {
    wanted = next
    refusals = 0
    askIn(SETTLED_AFTER_MS)
  }
}
