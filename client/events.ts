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

type Iterated<Event> = AsyncGenerator<Event, void> & { dropped: number }

/** Each event from now on, until `end`, one after the other. Of more than `buffer` unread ones the oldest give way. */
export function iterate<Events extends { end: void }, Name extends keyof Events & string> (
  emitter: Emitter<Events>, name: Name, buffer: number, signal: AbortSignalLike | undefined
): Iterated<Events[Name]> {
  const unread: Events[Name][] = []
  let isOver = signal?.aborted
  let wake = () => {}
  const end = () => {
    isOver = true
    wake()
  }
  const offs = [emitter.on('end', end), emitter.on(name, (event: Events[Name]) => {
    if (unread.push(event) > buffer) {
      unread.shift()
      iterator.dropped++
    }
    wake()
  })]
  signal?.addEventListener('abort', end)
  const read = async function * () {
    try {
      for (;;) {
        while (unread.length > 0) yield unread.shift() as Events[Name]
        if (isOver) return
        await new Promise<void>((resolve) => { wake = resolve })
      }
    } finally {
      for (const off of offs) off()
    }
  }
  const iterator = Object.assign(read(), { dropped: 0 })
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
