import type { Cancel, Clock } from '../clock.ts'
import { closeCodes } from '../protocol/close-codes.ts'
import type { Connection } from './connection.ts'

/** A token expires by the wall clock, which may be set meanwhile: so often it is looked at again. */
const LOOK_EVERY_MS = 60_000

/** Closes each connection when what it may see may not be seen any longer. */
export class Expiries {
  readonly #clock: Clock
  readonly #waiting = new Map<Connection, Cancel>()

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /** From now on, by the grant that it has now. */
  watch (connection: Connection): void {
    this.forget(connection)
    const { expiresAt } = connection.grant
    if (expiresAt === null) return
    const leftMs = Math.max(0, expiresAt - this.#clock.now())
    this.#waiting.set(connection, this.#clock.schedule(() => {
      if (this.#clock.now() < expiresAt) this.watch(connection)
      else connection.close(closeCodes.unauthorized)
    }, Math.min(leftMs, LOOK_EVERY_MS)))
  }

  forget (connection: Connection): void {
    this.#waiting.get(connection)?.()
    this.#waiting.delete(connection)
  }
}
