import type { Alert } from '../../client/types.ts'
import { ms, percent } from '../format.ts'

/** A notification: one with the same tag takes the place of the one before. */
export interface Notice {
  readonly type: 'notify'
  readonly tag: string
  readonly title: string
  readonly body: string
  /** What is looked at when it is clicked on. */
  readonly pop: string | null
  /** It changes what is shown, and calls nobody. */
  readonly isQuiet: boolean
}

/** Of the one that counts what would be too many. */
export const MORE_TAG = 'popcast-more'
export const STREAM_TAG = 'popcast-stream'

export const deathNotice: Notice = {
  type: 'notify',
  tag: STREAM_TAG,
  title: 'popcast: no data',
  body: 'Nothing new for more than a minute. What is on the screen is old.',
  pop: null,
  isQuiet: false
}

export function noticeOf (alert: Alert, isQuiet: boolean): Notice {
  const { id, pop, state, severity, recentMs, baselineMs, changePercent } = alert
  return {
    type: 'notify',
    tag: id,
    title: `${pop} ${state === 'resolved' ? endOf(alert) : severity}`,
    body: `${ms(recentMs)}, ${percent(changePercent)} against ${ms(baselineMs)}`,
    pop,
    isQuiet
  }
}

export function moreNotice (severities: ReadonlyArray<Alert['severity']>): Notice {
  const critical = severities.filter((severity) => severity === 'critical').length
  return {
    type: 'notify',
    tag: MORE_TAG,
    title: `${severities.length} regressions`,
    body: `${critical} critical, ${severities.length - critical} warning`,
    pop: null,
    isQuiet: true
  }
}

const ends: Record<string, string> = {
  recovered: 'has recovered',
  gone: 'does not report any more',
  new_normal: 'is slower for good'
}

function endOf ({ closeReason = '' }: Alert): string {
  return Object.hasOwn(ends, closeReason) ? ends[closeReason]! : 'is over'
}
