import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { describeStream, StreamStatus } from './stream-status.ts'

/** `InstanceStatus`. Versions may be mixed: what is new in it later has to be optional here. */
const About = Type.Object({
  version: Type.String(),
  connections: Type.Integer(),
  seq: Type.Integer({ description: 'up to which it has read' }),
  lagMs: Type.Number({ description: 'how long ago it knew that there is nothing newer' })
})
const InstanceSchema = Type.Object({ id: Type.String(), isLeader: Type.Boolean(), ...About.properties })
const abouts = Compile(About)

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
      const instances = stream.instances.flatMap(({ id, isLeader, about }) => {
        // Of itself it knows better than what it told others.
        const told = id === stream.status.instance ? instanceStatus() : workers.get(id) ?? about
        return abouts.Check(told) ? [{ ...told, id, isLeader }] : []
      })
      return { ...describeStream(app), instances }
    }
  )
}

export default routes
