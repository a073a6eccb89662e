import type { Cancel, Clock } from '../../clock.ts'

/** An upgrade that is neither taken nor refused by then never will be. */
const DEADLINE_MS = 10_000

/** What is asked of a socket while nobody has taken it. */
export interface UpgradeSocket {
  on (event: 'error' | 'end' | 'close', listener: () => void): unknown
  removeListener (event: 'error' | 'end' | 'close', listener: () => void): unknown
  destroy (): unknown
}

/**
 * Owns every socket from the server's `upgrade` event on, until a session takes it: Node hands it over without any listener,
 * and a refusal that runs no hook (a URL that cannot be decoded) would leave it open for ever.
 */
export class PendingUpgrades {
  readonly #clock: Clock
  readonly #pending = new Map<UpgradeSocket, () => void>()

  constructor (clock: Clock) {
    this.#clock = clock
  }

  get size (): number {
    return this.#pending.size
  }

  own (socket: UpgradeSocket): void {
    const end = () => this.#end(socket)
    const cancel: Cancel = this.#clock.schedule(end, DEADLINE_MS)
    // A client that ends its half does not wait for an answer; one that was reset cannot get one.
    for (const event of ['error', 'end', 'close'] as const) socket.on(event, end)
    this.#pending.set(socket, () => {
      cancel()
      for (const event of ['error', 'end', 'close'] as const) socket.removeListener(event, end)
    })
  }

  /** A session has taken it, or it was refused. */
  release (socket: UpgradeSocket): void {
    this.#pending.get(socket)?.()
    this.#pending.delete(socket)
  }

  destroyAll (): void {
    for (const socket of [...this.#pending.keys()]) this.#end(socket)
  }

  #end (socket: UpgradeSocket): void {
    this.release(socket)
    // What still fails on it is nobody's concern any more.
    socket.on('error', () => {})
    socket.destroy()
  }
}
