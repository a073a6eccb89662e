import { Type } from 'typebox'
import type { FastifyInstance } from 'fastify'

/** How it is with the stream, as this process sees it. */
export const StreamStatus = Type.Object({
  instance: Type.String({ description: 'this process, with its workers' }),
  role: Type.String({ description: 'leader: it asks the source for all; follower' }),
  term: Type.Integer({ description: 'grows with each change of who leads' }),
  leader: Type.Union([Type.String(), Type.Null()], { description: 'the instance that leads, as far as is known' }),
  engine: Type.String({ description: 'where the stream is: memory, directory or redis' }),
  engineHealthy: Type.Boolean(),
  lagMs: Type.Number({ description: 'how long ago it was known that there is nothing newer' })
})

/** Of workers the same whichever tells it: they are one, and lead when any of them does. */
export function describeStream ({ stream: { status }, fellow }: Pick<FastifyInstance, 'stream' | 'fellow'>) {
  const { term, leader, engine, away, isSynced, lagMs } = status
  const group = fellow?.membership.group
  const instance = group ?? status.instance
  const role = group === undefined ? status.role : leader?.startsWith(`${group}-`) === true ? 'leader' : 'follower'
  return { instance, role, term, leader, engine, engineHealthy: away === null && isSynced, lagMs: Math.round(lagMs) }
}
