import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { InstanceStatus } from '../plugins/stream.ts'
import type { Instance } from '../lib/cluster/shared-log.ts'
import { describeStream, StreamStatus } from './stream-status.ts'

const InstanceSchema = Type.Object({
  id: Type.String(),
  isLeader: Type.Boolean(),
  version: Type.String(),
  connections: Type.Integer(),
  seq: Type.Integer({ description: 'up to which it has read' }),
  lagMs: Type.Number({ description: 'how long ago it knew that there is nothing newer' })
})

const Fleet = Type.Object({
  ...StreamStatus.properties,
  instances: Type.Array(InstanceSchema, { description: 'that share the stream, as they said of themselves lately' })
})

/** `GET /api/fleet`: the instances that share the stream. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/api/fleet',
    { schema: { tags: ['operations'], summary: 'The instances that share the stream', response: { 200: Fleet } } },
    async () => {
      const { stream, instanceStatus } = app
      const workers = new Map((await app.otherWorkers()).map(({ instance, about }) => [instance, about]))
      // Of itself it knows better than what it told others.
      const statusOf = ({ id, about }: Instance) =>
        id === stream.status.instance ? instanceStatus() : (workers.get(id) ?? about) as InstanceStatus
      const instances = stream.instances.map((instance) =>
        ({ id: instance.id, isLeader: instance.isLeader, ...statusOf(instance) }))
      return { ...describeStream(app), instances }
    }
  )
}

export default routes
