import type { Context } from './context.ts'

/** What came of a fault. */
export interface Finding {
  what: string
  /** Measured, with its unit. */
  figure: string
  goal: string
  pass: boolean
}

export interface Fault {
  name: string
  /** Whether it is one of those of `--quick`. */
  isQuick: boolean
  /** It takes the machine for itself: nothing else runs beside it. */
  isHeavy?: true
  /** It cannot be shown without a network that is ours. */
  needsOwnNetwork?: true
  /** So long it may take, ms; a minute unless it says otherwise. */
  withinMs?: number
  run (context: Context): Promise<Finding>
}

/** Fails what takes longer. @throws with `what` */
export async function expectWithin<T> (ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}

/** Looks again and again until it is so. @throws with `what` when it is not in time */
export async function expectSoon (ms: number, what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const until = performance.now() + ms
  while (!await isSo()) {
    if (performance.now() > until) throw new Error(`not within ${ms} ms: ${what}`)
    await pause(50)
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Runs so many in turn, some at a time. */
export async function many (count: number, atATime: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  await Promise.all(Array.from({ length: Math.min(count, atATime) }, async () => {
    while (next < count) await work(next++)
  }))
}

export const MIB = 1024 * 1024
export const toMs = (ms: number) => `${Math.round(ms)} ms`
export const toMiB = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`
