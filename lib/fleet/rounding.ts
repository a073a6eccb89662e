/** From here on a double has nothing left to round, and scaling it might overflow. */
const ROUND_BELOW = 2 ** 53

/** Half a unit is rounded up. What is finite stays finite. */
export function round (value: number, decimals: number): number {
  const unit = 10 ** decimals
  const scaled = value * unit
  return Math.abs(scaled) < ROUND_BELOW ? Math.round(scaled) / unit : value
}

/** 2 decimals; of what is below 1 as many as it takes for 3 digits. */
export function precise (value: number): number {
  return Math.abs(value) >= 1 || value === 0 ? round(value, 2) : Number(value.toPrecision(3))
}

/** Not farther from 0 than `most`; NaN stays what it is. */
export function clamp (value: number, most: number): number {
  return Math.max(-most, Math.min(most, value))
}
