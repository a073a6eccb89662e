import type { Selection } from './selection.ts'

/**
 * Holds what is said of PoPs, in order, until it is known of each whether it is watched: an alert says no country, and comes
 * before the PoPs of its tick.
 */
export class Gate {
  readonly #selection: Selection
  readonly #held: Array<() => void> = []

  constructor (selection: Selection) {
    this.#selection = selection
  }

  pass (codes: readonly string[], release: () => void): void {
    if (this.#held.length === 0 && codes.every((code) => this.#selection.has(code) !== undefined)) release()
    else this.#held.push(release)
  }

  /** The PoPs are known as of now. */
  open (): void {
    for (const release of this.#held.splice(0)) release()
  }
}
