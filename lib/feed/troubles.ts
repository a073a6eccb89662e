import type { Log } from '../log.ts'

/** For each there is one at most. */
export const troubleReasons =
  [
    'no_data', 'places_failed', 'baselines_failed', 'slice_failed', 'clock_ahead', 'clock_behind', 'window_full', 'state_not_kept'
  ] as const

/** What is wrong with the data rather than with who has them: for the operator, in the log and in `/health`. */
export interface Trouble {
  reason: typeof troubleReasons[number]
  message: string
}

/** What is not understood of the data at present. Each is logged when it begins or says something else, and when it ends. */
export class Troubles {
  readonly #log: Log
  readonly #current = new Map<Trouble['reason'], Trouble>()

  constructor (log: Log) {
    this.#log = log
  }

  get current (): Trouble[] {
    return Array.from(this.#current.values())
  }

  /** Takes what another process has found, which has logged it. */
  adopt (troubles: readonly Trouble[]): void {
    this.#current.clear()
    for (const trouble of troubles) this.#current.set(trouble.reason, trouble)
  }

  /** @param message null: there is no such trouble (any more) */
  set (reason: Trouble['reason'], message: string | null): void {
    const known = this.#current.get(reason)
    if (message === null) {
      if (this.#current.delete(reason)) this.#log.info({ event: `${reason}_ended` }, 'trouble with the data is over')
      return
    }
    this.#current.set(reason, { reason, message })
    if (known === undefined) this.#log.warn({ event: reason, detail: message }, 'trouble with the data')
    else if (known.message !== message) this.#log.debug({ event: reason, detail: message }, 'trouble with the data goes on')
  }
}
