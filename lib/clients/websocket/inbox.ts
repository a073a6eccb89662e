import type { Cancel, Clock } from '../../clock.ts'
import { Budget, costOf } from '../budget.ts'

/**
 * What may have been read before a pause takes effect: some chunks of TCP. A message
 * that is deflated may be many times as long as what was read.
 */
const MAX_WAITING_BYTES = 262_144
const MAX_WAITING_MESSAGES = 16_384

/** A message; a ping of RFC 6455 5.5.2, which asks for an answer as well; or a pong that no ping of ours asked for. */
export interface Received {
  data: Buffer
  kind: 'text' | 'binary' | 'ping' | 'pong'
}

export interface InboxOptions {
  clock: Clock
  maxMessageBytes: number
  /** Carries it out, perhaps later: what came after it waits. @returns bytes that it was answered with */
  receive: (received: Received) => number | Promise<number>
  /** Stops and goes on reading from the client. */
  pause: () => void
  resume: () => void
  /** It asks for more than it will ever get. */
  giveUp: () => void
  /** Runs what a timer sets off. */
  guard: (step: () => void) => void
  /** Of one that is told to go nothing is looked at any more. */
  isOpen: () => boolean
}

/** What a client has asked for, looked at in its order and no faster than its budget allows. */
export class Inbox {
  readonly #options: InboxOptions
  readonly #budget: Budget
  #waiting: Received[] = []
  #waitingBytes = 0
  #isPaused = false
  #isClosed = false
  #cancel: Cancel = () => {}

  constructor (options: InboxOptions) {
    this.#options = options
    this.#budget = new Budget(options.clock)
  }

  take (received: Received): void {
    if (this.#isClosed) return
    if (!this.#options.isOpen()) return this.close()
    if (!this.#isPaused) return this.#look(received)
    // Of what was read already before the pause.
    this.#waiting.push(received)
    this.#waitingBytes += received.data.length
    const { maxMessageBytes } = this.#options
    if (this.#waiting.length > MAX_WAITING_MESSAGES || this.#waitingBytes > MAX_WAITING_BYTES + maxMessageBytes) this.#giveUp()
  }

  /** Of a client that has gone, or is told to go, nothing is looked at any more; it is read, so that its own goodbye is. */
  close (): void {
    if (this.#isClosed) return
    this.#cancel()
    this.#isClosed = true
    this.#waiting = []
    this.#options.resume()
  }

  #look (received: Received): void {
    const answered = this.#options.receive(received)
    if (typeof answered === 'number') return this.#looked(received, answered)
    const { pause, guard } = this.#options
    this.#isPaused = true
    pause()
    const goOn = (bytes: number) => guard(() => {
      this.#isPaused = false
      this.#looked(received, bytes)
      if (!this.#isPaused) this.#release()
    })
    answered.then(goOn, (error: unknown) => guard(() => { throw error }))
  }

  #looked ({ data }: Received, answeredBytes: number): void {
    this.#budget.spend(costOf(data.length, answeredBytes))
    if (!this.#options.isOpen()) this.close()
    else if (this.#budget.waitMs > 0) this.#pause()
  }

  #pause (): void {
    const { clock, pause, guard } = this.#options
    if (this.#budget.isHopeless(this.#waitingCost)) return this.#giveUp()
    this.#isPaused = true
    pause()
    this.#cancel = clock.schedule(() => guard(() => this.#release()), this.#budget.waitMs)
  }

  /** In their order: those behind one that is held again wait with it. */
  #release (): void {
    this.#isPaused = false
    while (!this.#isPaused && !this.#isClosed) {
      if (!this.#options.isOpen()) return this.close()
      const received = this.#waiting.shift()
      if (received === undefined) return this.#options.resume()
      this.#waitingBytes -= received.data.length
      this.#look(received)
    }
  }

  #giveUp (): void {
    this.close()
    this.#options.giveUp()
  }

  get #waitingCost (): number {
    return this.#waiting.length + costOf(this.#waitingBytes, 0)
  }
}
