import { Type } from 'typebox'
import type { SharedLog } from '../lib/cluster/shared-log.ts'

/** How it is with the stream, as this process sees it. */
export const StreamStatus = Type.Object({
  instance: Type.String({ description: 'this process' }),
  role: Type.String({ description: 'leader: it asks the source for all; follower' }),
  term: Type.Integer({ description: 'grows with each change of who leads' }),
  leader: Type.Union([Type.String(), Type.Null()], { description: 'the instance that leads, as far as is known' }),
  engine: Type.String({ description: 'where the stream is: memory, directory or redis' }),
  engineHealthy: Type.Boolean(),
  lagMs: Type.Number({ description: 'how long ago it was known that there is nothing newer' })
})

export function describeStream ({ status }: Pick<SharedLog<never, never>, 'status'>) {
  const { instance, role, term, leader, engine, away, isSynced, lagMs } = status
  return { instance, role, term, leader, engine, engineHealthy: away === null && isSynced, lagMs: Math.round(lagMs) }
}
