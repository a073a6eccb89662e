const FIRST_MS = 1_000
const LONGEST_MS = 60_000

/**
 * How long to wait after so many failures in a row: twice as long each time, and at random, so that those who
 * failed together do not come back together.
 * @param random in [0, 1)
 */
export function backOffMs (failures: number, random: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1)) * (0.5 + random / 2)
}
