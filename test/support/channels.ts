import type { Port } from '../../lib/workers/channel.ts'

/** Two ends in one process, which tell each other copies, in a turn of their own. */
export class ChannelPair {
  /** `silent`: what is sent does not arrive, and comes when it is open again; `answers lost`: what `b` sends never does. */
  state: 'open' | 'silent' | 'answers lost' = 'open'
  readonly a: Port
  readonly b: Port
  #held: Array<() => void> = []

  constructor () {
    const listeners: Record<'a' | 'b', Array<(message: unknown) => void>> = { a: [], b: [] }
    const end = (own: 'a' | 'b', other: 'a' | 'b'): Port => ({
      send: (message) => {
        const copy: unknown = structuredClone(message)
        if (this.state === 'answers lost' && own === 'b') return
        const deliver = () => { for (const listener of listeners[other]) listener(copy) }
        if (this.state === 'silent') this.#held.push(deliver)
        else setImmediate(deliver)
      },
      onMessage: (listener) => { listeners[own].push(listener) }
    })
    this.a = end('a', 'b')
    this.b = end('b', 'a')
  }

  open (): void {
    this.state = 'open'
    for (const deliver of this.#held.splice(0)) setImmediate(deliver)
  }
}
