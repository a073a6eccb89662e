import type { Pop } from '../../client/types.ts'

/** Worst first. `unknown`: there is not enough data to compare it with. */
export const conditions = ['critical', 'warning', 'silent', 'slow', 'unknown', 'healthy'] as const
export type Condition = typeof conditions[number]

export const conditionWords: Record<Condition, string> = {
  critical: 'critical',
  warning: 'warning',
  silent: 'silent',
  slow: 'slow',
  unknown: 'not enough data',
  healthy: 'healthy'
}

/** The worst that holds: what is regressed and silent is told as regressed. */
export function conditionOf ({ regression, status, healthy }: Pop): Condition {
  if (regression === 'critical' || regression === 'warning') return regression
  if (status === 'silent') return 'silent'
  if (!healthy) return 'slow'
  return regression === 'not_enough_data' ? 'unknown' : 'healthy'
}
