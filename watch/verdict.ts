import type { WatchOptions } from './arguments.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'
import { headline } from './headline.ts'
import { sentence } from './lines.ts'
import { numbersOf } from './numbers.ts'
import type { WatchState } from './state.ts'

export interface Verdict {
  readonly code: ExitCode
  /** For people; null: what is shown says it. */
  readonly message: string | null
}

type Wanted = Pick<WatchOptions, 'once' | 'failOnRegression'>

/** Whether what is known ends the watching. null: it goes on. @param arePopsKnown whether the server has told of the PoPs */
export function verdictOf ({ once, failOnRegression }: Wanted, state: WatchState, arePopsKnown: boolean): Verdict | null {
  const { connection, freshness, overview, alerts } = state
  if (connection.name === 'failed') return noData(state)
  const isTrue = connection.name === 'live' && freshness.state === 'fresh' && overview !== null && arePopsKnown
  const isRegressed = failOnRegression && alerts.size > 0
  if (!once) return isRegressed ? { code: exitCodes.regression, message: null } : null
  if (!isTrue) return null
  if (isRegressed) return { code: exitCodes.regression, message: null }
  if (failOnRegression && isUnjudged(state)) return null
  return numbersOf(state).total === 0 ? noData(state) : { code: exitCodes.fine, message: null }
}

/** Of none it is known what is usual: right after its start the service still reads that. */
function isUnjudged ({ pops }: Pick<WatchState, 'pops'>): boolean {
  return pops.size > 0 && Array.from(pops.values()).every(({ regression }) => regression === 'not_enough_data')
}

/** Why nothing true can be said. */
export function noData (state: WatchState, withinMs?: number): Verdict {
  const { word, details } = headline(state)
  const within = withinMs === undefined ? '' : ` within ${withinMs / 1_000} s`
  const judged = state.overview !== null && isUnjudged(state) ? ['not enough data to tell what is regressed'] : []
  const what = state.selection === null || state.overview === null ? '' : ` (of ${state.selection})`
  return { code: exitCodes.noData, message: `no data to rely on${what}${within}: ${sentence([word, ...details, ...judged])}` }
}
