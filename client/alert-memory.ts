import type { AlertMessage } from '../lib/protocol/server-messages.ts'

/** Of so many regressions it is known what was handled; what comes again is of one tick. */
const MAX_REGRESSIONS = 4_096

/** Which alerts were handled: those of a tick in whose midst the connection was cut come again. */
export class AlertMemory {
  readonly #last = new Map<string, AlertMessage>()

  /** Whether it was not handled before; from now on it is. */
  take (message: AlertMessage): boolean {
    const { data: { id, state }, epoch, tickSeq } = message
    const last = this.#last.get(id)
    if (last?.epoch === epoch && (tickSeq < last.tickSeq || (tickSeq === last.tickSeq && state === last.data.state))) return false
    // Last in, last out.
    this.#last.delete(id)
    this.#last.set(id, message)
    if (this.#last.size > MAX_REGRESSIONS) this.#last.delete(this.#last.keys().next().value as string)
    return true
  }
}
