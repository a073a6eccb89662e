import type { WatchState } from './state.ts'

/** null: not known. */
export interface Numbers {
  readonly total: number | null
  readonly healthy: number | null
  readonly meanMs: number | null
  readonly regressed: number | null
  readonly silent: number | null
}

/** The overview; of some PoPs it is summed up from them, as the server does it of all. */
export function numbersOf (
  { selection, overview, pops, alerts }: Pick<WatchState, 'selection' | 'overview' | 'pops' | 'alerts'>
): Numbers {
  if (overview === null) return { total: null, healthy: null, meanMs: null, regressed: null, silent: null }
  if (selection === null) {
    const { totalPops: total, healthyPops: healthy, averageColdStart: meanMs } = overview
    return { total, healthy, meanMs, regressed: overview.regressions, silent: overview.silentPops }
  }
  const all = [...pops.values()]
  const total = all.length
  return {
    total,
    healthy: all.filter(({ healthy }) => healthy).length,
    meanMs: total === 0 ? null : all.reduce((sum, { coldStartMs }) => sum + coldStartMs, 0) / total,
    regressed: new Set(Array.from(alerts.values(), ({ pop }) => pop)).size,
    silent: all.filter(({ status }) => status === 'silent').length
  }
}
