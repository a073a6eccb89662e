import type { Test } from 'tap'

/** Another one each time; TEST_SEED repeats a run. It is printed, so that a failure can be repeated. */
export function seededRuns (t: Test, numRuns: number): { seed: number, numRuns: number } {
  const seed = process.env.TEST_SEED === undefined ? Date.now() % 0x7fff_ffff : Number(process.env.TEST_SEED)
  t.comment(`TEST_SEED=${seed}`)
  return { seed, numRuns }
}
