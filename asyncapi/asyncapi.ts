import type { TSchema } from 'typebox'
import { clientMessages } from '../lib/protocol/client-messages.ts'
import { topics } from '../lib/protocol/fields.ts'
import { PROTOCOL_VERSION, serverMessages } from '../lib/protocol/server-messages.ts'

/** A schema of a message, which has a literal `type`. */
type MessageSchema = TSchema & { properties: { type: { const: string } } }

const summaries: Record<string, string> = {
  auth_required: 'instead of the welcome, where the request came without a token: an auth is to follow',
  auth_confirmed: 'answers an auth',
  auth: 'presents a token, at first or before the one that there is expires',
  welcome: 'the first message of every connection that is let in',
  metrics_update: 'the overview of all PoPs, at each tick',
  pops_update: 'every PoP of a filter, or what has changed of them',
  alert: 'a regression has opened, changed its severity, or is over',
  open_alerts: 'every regression that is open: takes the place of what the client holds',
  error: 'the source failed, or a message was refused',
  pong: 'answers a ping',
  subscription_confirmed: 'answers subscribe and unsubscribe',
  server_shutdown: 'the server goes; a close with 1001 follows',
  close: 'over server-sent events: what a close frame says, and the end',
  ping: 'is answered with a pong',
  subscribe: 'adds topics, and says what was seen already',
  unsubscribe: 'ends topics'
}

const typeOf = (schema: MessageSchema) => schema.properties.type.const
const schemasOf = (messages: Record<string, TSchema>) => Object.values(messages) as MessageSchema[]
const toServer = schemasOf(clientMessages)
const toClient = schemasOf(serverMessages)

/** Something of each message, by its `type`. */
function byType<T> (make: (type: string, schema: MessageSchema) => T): Record<string, T> {
  return Object.fromEntries([...toClient, ...toServer].map((schema) => [typeOf(schema), make(typeOf(schema), schema)]))
}

/** Without what only the library that compiles it needs. */
const plain = (schema: MessageSchema): object => JSON.parse(JSON.stringify(schema))

/** JSON Schema (draft 7, as AsyncAPI 3 has it) of every message, by its `type`. */
export function messageSchemas (): Record<string, object> {
  return byType((type, schema) => ({
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: type,
    description: summaries[type],
    ...plain(schema)
  }))
}

/** The protocol as AsyncAPI 3: https://www.asyncapi.com/docs/reference/specification/v3.0.0 */
export function asyncApi (): object {
  const references = (schemas: readonly MessageSchema[]) =>
    schemas.map((schema) => ({ $ref: `#/channels/feed/messages/${typeOf(schema)}` }))
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'popcast',
      version: `${PROTOCOL_VERSION}.0.0`,
      description: 'Live feed of per-PoP measurements over WebSocket; over server-sent events (GET /api/stream) the same ' +
        'messages come as events. What is promised beyond the shapes is in PROTOCOL.md.',
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' }
    },
    defaultContentType: 'application/json',
    servers: { local: { host: '127.0.0.1:3001', protocol: 'ws' } },
    channels: {
      feed: {
        address: '/ws',
        messages: byType((type) => ({ $ref: `#/components/messages/${type}` })),
        bindings: {
          ws: {
            query: {
              type: 'object',
              description: 'the last position that the client has seen, and what is wanted instead of a first subscribe',
              properties: {
                epoch: { type: 'string' },
                seq: { type: 'integer', minimum: 0 },
                topics: { type: 'string', description: `comma separated, of ${topics.join(', ')}` },
                pops: { type: 'string', description: 'fra1,ams1, or country:DE,tier:1, or JSON as in subscribe' },
                delta: { type: 'string', enum: ['true', 'false', 'fields'] },
                history: { type: 'integer', minimum: 0 }
              }
            }
          }
        }
      }
    },
    operations: {
      told: { action: 'send', channel: { $ref: '#/channels/feed' }, summary: 'server to client', messages: references(toClient) },
      asked: {
        action: 'receive',
        channel: { $ref: '#/channels/feed' },
        summary: 'client to server',
        messages: references(toServer)
      }
    },
    components: { messages: byType((type, schema) => ({ name: type, summary: summaries[type], payload: plain(schema) })) }
  }
}
