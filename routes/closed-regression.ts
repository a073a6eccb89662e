import { Type } from 'typebox'
import { alertData } from '../lib/feed/alert.ts'
import type { Regression } from '../lib/fleet/regression-detector.ts'
import { AlertData } from '../lib/protocol/alerts.ts'
import { timestamp } from '../lib/protocol/timestamp.ts'
import { Timestamp } from './schemas.ts'

/** A regression that is over, as the routes tell it. */
export const ClosedRegression = Type.Object({
  ...AlertData.properties,
  closedAt: Timestamp,
  closeReason: Type.String({
    description:
      'recovered; gone: the PoP does not report any more; or new_normal: it has been slow for so long that this is usual'
  })
})

export function describeClosed (regression: Regression) {
  const { closedAt, closeReason } = regression
  return { ...alertData(regression), closedAt: timestamp(closedAt ?? 0), closeReason: closeReason ?? '' }
}
