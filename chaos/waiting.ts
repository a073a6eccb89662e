import { once, type EventEmitter } from 'node:events'

/** What takes longer never comes: no goal, but a limit that a machine that does other things as well does not reach, ms. */
export const HANG_MS = 30_000

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

/** Resolves with the first of these events, or after so many ms. Nothing stays behind. */
export async function firstOf (emitter: EventEmitter, events: readonly string[], ms: number): Promise<void> {
  const over = new AbortController()
  const { signal } = over
  const heard = events.map((event) => once(emitter, event, { signal }).then(() => {}, () => {}))
  const timer = setTimeout(() => over.abort(), ms)
  await Promise.race(heard)
  clearTimeout(timer)
  over.abort()
}

/** Lets only so many do something at a time; the others wait for their turn, in order. */
export class Slots {
  #free: number
  readonly #waiting: Array<() => void> = []

  constructor (count: number) {
    this.#free = count
  }

  async use<T> (work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => { this.#waiting.push(resolve) })
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}
