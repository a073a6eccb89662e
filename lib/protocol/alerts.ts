import { Type } from 'typebox'
import { literals, Milliseconds, Position, Replay, Timestamp } from './fields.ts'

/** What is told of one regression. */
export const AlertData = Type.Object({
  id: Type.String({ description: 'the same for all that is told of one regression' }),
  pop: Type.String(),
  state: literals(['opened', 'updated', 'resolved']),
  severity: literals(['warning', 'critical']),
  since: Timestamp,
  recentMs: Milliseconds,
  baselineMs: Milliseconds,
  baselineKind: literals(['day', 'week', 'hour', 'start']),
  changePercent: Type.Number(),
  zScore: Type.Number(),
  samples: Type.Object({ recent: Type.Integer(), baseline: Type.Integer() }),
  message: Type.String(),
  closeReason: Type.Optional(Type.String({
    description: 'of what is resolved: recovered; gone: the PoP does not report any more; or new_normal: it has been slower ' +
      'for so long that this is usual now'
  }))
})

export const Alert = Type.Object({
  type: Type.Literal('alert'),
  data: AlertData,
  ...Position,
  tickSeq: Type.Integer({ description: 'the update in which it was found' }),
  replay: Replay
})

/** Every regression that is open, as it was told last: takes the place of what the client holds. */
export const OpenAlerts = Type.Object({
  type: Type.Literal('open_alerts'),
  data: Type.Object({ alerts: Type.Array(AlertData) }),
  ...Position
})
