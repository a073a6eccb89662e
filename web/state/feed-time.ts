import type { Freshness } from '../../client/types.ts'

/**
 * Now, by the clock that the samples have: no clock of a viewer need agree with it, and what is drawn over time ends at the
 * right edge all the same. @param now as of Date.now(), for when there is no sample
 */
export function feedNow ({ dataTime, ageMs }: Pick<Freshness, 'dataTime' | 'ageMs'>, now: number): number {
  return dataTime === null || ageMs === null ? now : dataTime.getTime() + ageMs
}
