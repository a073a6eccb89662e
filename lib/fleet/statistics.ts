/** A normal distribution's quartiles are so many standard deviations from its median. */
export const NORMAL_QUARTILE = 0.6745

/** Ascending. */
export function sorted (values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort()
}

/** @param share 0 to 1 */
export function quantile (ascending: Float64Array, share: number): number {
  return ascending[Math.floor(share * ascending.length)] ?? NaN
}

export function median (ascending: Float64Array): number {
  return quantile(ascending, 0.5)
}

/** The lower one of an even number; NaN of none. */
export function lowerMedian (values: readonly number[]): number {
  return sorted(values)[Math.floor((values.length - 1) / 2)] ?? NaN
}

/** The lower one. */
export function quartile (ascending: Float64Array): number {
  return quantile(ascending, 0.25)
}
