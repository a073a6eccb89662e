import type { AlertMessage } from '../lib/protocol/server-messages.ts'
import type { AbortSignalLike } from './options.ts'

/** Who listens to what. What a listener throws is reported as an error that nobody caught, and keeps nothing from the others. */
export class Emitter<Events> {
  readonly #target = new EventTarget()

  on<Name extends keyof Events & string> (name: Name, listener: (event: Events[Name]) => void): () => void {
    const own = (event: Event) => listener((event as CustomEvent).detail)
    this.#target.addEventListener(name, own)
    return () => this.#target.removeEventListener(name, own)
  }

  emit<Name extends keyof Events & string> (name: Name, detail: Events[Name]): void {
    this.#target.dispatchEvent(new CustomEvent(name, { detail }))
  }
}

type Iterated<Event> = AsyncIterableIterator<Event, undefined> & { dropped: number }

/**
 * Each event from now on, until `end`, one after the other. Of more than `buffer` unread ones the oldest give way. No generator:
 * one that was not begun, or that waits, cannot be left.
 */
export function iterate<Events extends { end: void }, Name extends keyof Events & string> (
  emitter: Emitter<Events>, name: Name, buffer: number, signal: AbortSignalLike | undefined
): Iterated<Events[Name]> {
  type Result = IteratorResult<Events[Name], undefined>
  const unread: Result[] = []
  const waiting: Array<(result: Result) => void> = []
  const over: Result = { done: true, value: undefined }
  let isOver = false
  const end = () => {
    isOver = true
    for (const off of offs) off()
    for (const settle of waiting.splice(0)) settle(over)
  }
  const offs = [
    emitter.on('end', end),
    emitter.on(name, (value) => {
      const settle = waiting.shift()
      if (settle) settle({ done: false, value })
      else if (unread.push({ done: false, value }) > buffer) {
        unread.shift()
        iterator.dropped++
      }
    }),
    () => signal?.removeEventListener('abort', end)
  ]
  const iterator: Iterated<Events[Name]> = {
    dropped: 0,
    next: () => new Promise((resolve) => {
      const result = unread.shift() ?? (isOver && over)
      if (result) resolve(result)
      else waiting.push(resolve)
    }),
    async return () {
      unread.length = 0
      end()
      return over
    },
    [Symbol.asyncIterator]: () => iterator
  }
  if (signal?.aborted) end()
  else signal?.addEventListener('abort', end)
  return iterator
}

/** So many alerts are remembered. */
const MAX_SEEN = 4_096

/** Tells whether an alert was not seen before: those of a tick in whose midst the connection was cut come again. */
export function unseen (): (alert: AlertMessage) => boolean {
  const seen = new Set<string>()
  return ({ epoch, tickSeq, data: { id, state } }) => {
    const { size } = seen
    seen.add([epoch, tickSeq, id, state].join())
    const isNew = seen.size > size
    // The oldest is the first.
    if (size > MAX_SEEN) seen.delete(seen.values().next().value!)
    return isNew
  }
}
