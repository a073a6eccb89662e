/** Events for somebody who takes them one by one. Who is slow loses the oldest. */
export class EventQueue<Event> implements AsyncIterableIterator<Event> {
  dropped = 0
  readonly #limit: number
  readonly #onEnd: (queue: EventQueue<Event>) => void
  readonly #unread: Event[] = []
  readonly #readers: Array<(result: IteratorResult<Event>) => void> = []
  #isOver = false

  constructor (limit: number, onEnd: (queue: EventQueue<Event>) => void) {
    this.#limit = limit
    this.#onEnd = onEnd
  }

  push (event: Event): void {
    const reader = this.#readers.shift()
    if (reader !== undefined) reader({ value: event, done: false })
    else if (this.#unread.push(event) > this.#limit) {
      this.#unread.shift()
      this.dropped++
    }
  }

  /** What is unread can still be read. */
  end (): void {
    this.#isOver = true
    for (const reader of this.#readers.splice(0)) reader({ value: undefined, done: true })
    this.#onEnd(this)
  }

  async next (): Promise<IteratorResult<Event>> {
    if (this.#unread.length > 0) return { value: this.#unread.shift() as Event, done: false }
    if (this.#isOver) return { value: undefined, done: true }
    return new Promise((resolve) => this.#readers.push(resolve))
  }

  async return (): Promise<IteratorResult<Event>> {
    this.#unread.length = 0
    this.end()
    return { value: undefined, done: true }
  }

  [Symbol.asyncIterator] (): this {
    return this
  }
}
