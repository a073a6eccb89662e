import type { TSchema } from 'typebox'
import { clientMessages } from '../lib/stream/client-messages.ts'
import { PROTOCOL_VERSION, serverMessages } from '../lib/stream/protocol.ts'

/** A schema of a message, which has a literal `type`. */
type MessageSchema = TSchema & { properties: { type: { const: string } } }

const summaries: Record<string, string> = {
  welcome: 'the first message of every connection',
  metrics_update: 'the overview of all PoPs, at each tick',
  pops_update: 'every PoP of a filter, or what has changed of them',
  alert: 'a regression has opened, changed its severity, or is over',
  error: 'the source failed, or a message was refused',
  pong: 'answers a ping',
  subscription_confirmed: 'answers subscribe and unsubscribe',
  server_shutdown: 'the server goes; a close with 1001 follows',
  ping: 'is answered with a pong',
  subscribe: 'adds topics, and says what was seen already',
  unsubscribe: 'ends topics'
}

const typeOf = (schema: MessageSchema) => schema.properties.type.const
const toServer = Object.values(clientMessages) as unknown as MessageSchema[]
const toClient = Object.values(serverMessages) as unknown as MessageSchema[]

/** JSON Schema (draft 7, as AsyncAPI 3 has it) of every message, by its `type`. */
export function messageSchemas (): Record<string, object> {
  return Object.fromEntries([...toClient, ...toServer].map((schema) => [typeOf(schema), {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: typeOf(schema),
    description: summaries[typeOf(schema)],
    ...JSON.parse(JSON.stringify(schema))
  }]))
}

/** The protocol as AsyncAPI 3: https://www.asyncapi.com/docs/reference/specification/v3.0.0 */
export function asyncApi (): object {
  const refs = (schemas: readonly MessageSchema[], from: string) => schemas.map((schema) => ({ $ref: `${from}/${typeOf(schema)}` }))
  const channel = (address: string) => ({
    address,
    messages: Object.fromEntries([...toClient, ...toServer].map((schema) => [typeOf(schema), { $ref: `#/components/messages/${typeOf(schema)}` }])),
    bindings: {
      ws: {
        query: {
          type: 'object',
          description: 'the last position that the client has seen, to be resumed from',
          properties: { epoch: { type: 'string' }, seq: { type: 'integer', minimum: 0 } }
        }
      }
    }
  })
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'popcast',
      version: `${PROTOCOL_VERSION}.0.0`,
      description: 'Live feed of per-PoP measurements over WebSocket. What is promised beyond the shapes is in PROTOCOL.md.',
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' }
    },
    defaultContentType: 'application/json',
    servers: { local: { host: '127.0.0.1:3001', protocol: 'ws' } },
    channels: { feed: channel('/ws') },
    operations: {
      told: { action: 'send', channel: { $ref: '#/channels/feed' }, summary: 'server to client', messages: refs(toClient, '#/channels/feed/messages') },
      asked: { action: 'receive', channel: { $ref: '#/channels/feed' }, summary: 'client to server', messages: refs(toServer, '#/channels/feed/messages') }
    },
    components: {
      messages: Object.fromEntries([...toClient, ...toServer].map((schema) => [typeOf(schema), {
        name: typeOf(schema),
        summary: summaries[typeOf(schema)],
        payload: JSON.parse(JSON.stringify(schema))
      }]))
    }
  }
}
