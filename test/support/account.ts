import type { ServerMessage } from '../../lib/protocol/server-messages.ts'

type MessageOf<Type extends ServerMessage['type']> = Extract<ServerMessage, { type: Type }>

/** What one client was told, over however many connections, and where that contradicts itself. */
export class Account {
  readonly faults = { duplicates: [] as string[], gaps: [] as string[], conflicts: [] as string[], alerts: [] as string[] }
  readonly open = new Set<string>()
  /** Codes of the errors that it was told. */
  readonly errors: string[] = []
  /** When each update came, on the monotonic clock. */
  readonly at: number[] = []
  readonly epochs: string[] = []
  unrecovered = 0
  /** Updates that it was told it missed. */
  skipped = 0
  last = 0
  /** What the last update said of the data. */
  status: MessageOf<'metrics_update'>['status'] | null = null
  position = ''
  #epoch = ''
  /** What anybody was told, by epoch and seq. */
  readonly #told: Map<string, string>
  readonly #seen = new Set<string>()
  readonly #alerts = new Set<string>()
  #waiting: Array<{ condition: () => boolean, resolve: () => void }> = []

  /** @param told shared by all whose accounts must not differ */
  constructor (told = new Map<string, string>()) {
    this.#told = told
  }

  /** Everything that it was told wrongly. */
  get contradictions (): string[] {
    return Object.entries(this.faults).flatMap(([kind, found]) => found.map((detail) => `${kind}: ${detail}`))
  }

  /** Resolves when what it was told so far fits; looked at with each message. */
  until (condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise((resolve) => { this.#waiting.push({ condition, resolve }) })
  }

  take (message: ServerMessage): void {
    if (message.type === 'subscription_confirmed') this.#confirmed(message)
    if (message.type === 'metrics_update') this.#update(message)
    if (message.type === 'alert') this.#alert(message)
    if (message.type === 'open_alerts') this.#set(message.data.alerts.map(({ id }) => id))
    if (message.type === 'error') this.errors.push(message.code)
    if ('epoch' in message) this.position = `&epoch=${message.epoch}&seq=${message.seq}`
    const waiting = this.#waiting
    this.#waiting = waiting.filter(({ condition }) => !condition())
    for (const one of waiting) if (!this.#waiting.includes(one)) one.resolve()
  }

  #confirmed ({ recovered }: MessageOf<'subscription_confirmed'>): void {
    if (recovered !== false) return
    this.unrecovered++
    this.#epoch = ''
  }

  #update ({ epoch, seq, data, dataTime, polledAt, status, skipped = 0 }: MessageOf<'metrics_update'>): void {
    const key = `${epoch} ${seq}`
    // What is told as it is now may say that it is stale meanwhile.
    const content = JSON.stringify([data, dataTime, polledAt])
    const before = this.#told.get(key)
    if (before !== undefined && before !== content) this.faults.conflicts.push(key)
    this.#told.set(key, content)
    if (this.#seen.has(key)) this.faults.duplicates.push(`${key} ${status}`)
    const next = this.last + 1 + skipped
    if (this.#epoch === epoch && !this.#seen.has(key) && seq !== next) this.faults.gaps.push(`${seq} after ${this.last}`)
    this.#seen.add(key)
    if (epoch !== this.epochs.at(-1)) this.epochs.push(epoch)
    this.#epoch = epoch
    this.skipped += skipped
    this.last = Math.max(this.last, seq)
    this.status = status
    this.at.push(performance.now())
  }

  #alert ({ data: { id, state }, tickSeq, epoch }: MessageOf<'alert'>): void {
    const key = `${epoch} ${tickSeq} ${id} ${state}`
    if (this.#alerts.has(key)) return
    this.#alerts.add(key)
    if (state === 'opened' && this.open.has(id)) this.faults.alerts.push(`${id} opens twice`)
    if (state === 'resolved') this.open.delete(id)
    else this.open.add(id)
  }

  #set (ids: string[]): void {
    for (const id of this.open) if (!ids.includes(id)) this.faults.alerts.push(`${id} was a ghost`)
    this.open.clear()
    for (const id of ids) this.open.add(id)
  }
}
