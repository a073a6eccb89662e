import { clamp } from './rounding.ts'

/** A power of two, so that scaling costs no digit; a sum of fewer than 2^40 values scaled by it cannot overflow. */
export const SCALE = 2 ** -40

/** Mean of finite values. It is finite even where their sum is not: two of 1e308 have a mean of 1e308. */
export class Mean {
  #count = 0
  #scaledSum = 0

  /** Takes `count` values with this mean; a negative count takes them back. */
  add (mean: number, count = 1): void {
    this.#count += count
    this.#scaledSum += count * (mean * SCALE)
  }

  /** NaN when there are none. */
  get value (): number {
    return clamp(this.#scaledSum / this.#count / SCALE, Number.MAX_VALUE)
  }
}
