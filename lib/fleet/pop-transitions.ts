import type { Log } from '../log.ts'
import type { PopsSnapshot, PopState } from './pop-state.ts'

/** A log line names so many PoPs; it counts them all. */
const POPS_PER_LINE = 20

/** Says which PoPs have stopped reporting, or report again. */
export function logTransitions ({ changes }: PopsSnapshot, log: Log): void {
  const turned = (status: PopState['status']) => changes.flatMap(({ before, after }) =>
    before !== null && after !== null && before.status !== status && after.status === status ? [after.code] : [])
  for (const [event, codes] of [['pops_silent', turned('silent')], ['pops_report_again', turned('fresh')]] as const) {
    if (codes.length > 0) {
      log.info({ event, count: codes.length, pops: codes.slice(0, POPS_PER_LINE) }, 'PoPs changed between silent and reporting')
    }
  }
}
