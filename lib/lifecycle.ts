/**
 * `serving`, then `draining` (readiness says no, everything is still served, so that load balancers can turn away),
 * then `closing` (new WebSocket clients are refused, the others are told to leave).
 */
export class Lifecycle {
  #phase: 'serving' | 'draining' | 'closing' = 'serving'

  get isServing (): boolean {
    return this.#phase === 'serving'
  }

  get isClosing (): boolean {
    return this.#phase === 'closing'
  }

  drain (): void {
    if (this.isServing) this.#phase = 'draining'
  }

  close (): void {
    this.#phase = 'closing'
  }
}
