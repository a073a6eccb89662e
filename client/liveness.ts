/** So many heartbeats of the server's may fail to come before a stream that cannot be asked is taken for dead. */
const SILENT_HEARTBEATS = 2.5

/** Whether the other side is still there: when to ask it, and when it has not answered. All times are the stopwatch's. */
export class Liveness {
  heartbeatMs = Infinity
  readonly #pongTimeoutMs: number
  #heardAt = 0
  #askedAt = 0
  #isAsked = false

  constructor (pongTimeoutMs: number) {
    this.#pongTimeoutMs = pongTimeoutMs
  }

  /** Whatever comes is an answer. */
  heard (now: number): void {
    this.#heardAt = now
    this.#isAsked = false
  }

  get heardAt (): number {
    return this.#heardAt
  }

  asked (now: number): void {
    this.#askedAt = now
    this.#isAsked = true
  }

  get isAsked (): boolean {
    return this.#isAsked
  }

  /** When something is to be done. @param lateAt when an update is late @param canAsk whether the transport can */
  dueAt (lateAt: number, canAsk: boolean): number {
    if (!canAsk) return this.#heardAt + SILENT_HEARTBEATS * this.heartbeatMs
    if (this.#isAsked) return this.#askedAt + this.#pongTimeoutMs
    const silentAt = Math.max(this.#heardAt, this.#askedAt) + this.heartbeatMs
    // Asked once per update that is late.
    return this.#askedAt < lateAt ? Math.min(silentAt, lateAt) : silentAt
  }
}
