import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { ClientErrorCode } from './errors.ts'
import { defaultTopics, Id, MAX_ID_LENGTH, topics, type Topic } from './server-messages.ts'

/** Unknown fields are ignored. */
const TopicNames = Type.Array(Type.String(), { minItems: 1, maxItems: 16, description: `of ${topics.join(', ')}` })
const Values = Type.Array(Type.String(), { minItems: 1, maxItems: 1_000 })
const MAX_HISTORY = 100_000

export const PopsFilterSchema = Type.Union([
  Values,
  Type.Object({ code: Type.Optional(Values), country: Type.Optional(Values), tier: Type.Optional(Values) }, { additionalProperties: false, minProperties: 1 })
], { description: 'PoP codes, or values of code, country and tier that all must fit' })

export const Ping = Type.Object({ type: Type.Literal('ping'), id: Type.Optional(Id) })

export const Subscribe = Type.Object({
  type: Type.Literal('subscribe'),
  topics: Type.Optional(TopicNames),
  pops: Type.Optional(PopsFilterSchema),
  delta: Type.Optional(Type.Boolean({ description: 'pops: only what has changed, after a full one' })),
  since: Type.Optional(Type.Object({ epoch: Type.String(), seq: Type.Integer({ minimum: 0 }) }, { description: 'the last position that the client has seen' })),
  history: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_HISTORY, description: 'so many of the last updates, as far as the log goes back; where there is a position, only if it cannot be recovered' })),
  id: Type.Optional(Id)
})

export const Unsubscribe = Type.Object({ type: Type.Literal('unsubscribe'), topics: TopicNames, id: Type.Optional(Id) })

export const clientMessages = { Ping, Subscribe, Unsubscribe }

export type MessageId = Static<typeof Id>
export type PopsFilterSpec = Static<typeof PopsFilterSchema>
export type PingMessage = Static<typeof Ping>
export type SubscribeMessage = Omit<Static<typeof Subscribe>, 'topics'> & { topics: Topic[] }
export type UnsubscribeMessage = Omit<Static<typeof Unsubscribe>, 'topics'> & { topics: Topic[] }
export type ClientMessage = PingMessage | SubscribeMessage | UnsubscribeMessage

const schemas = { ping: Ping, subscribe: Subscribe, unsubscribe: Unsubscribe }
const validators = { ping: Compile(Ping), subscribe: Compile(Subscribe), unsubscribe: Compile(Unsubscribe) }
const idValidator = Compile(Id)

/** A message of a client that cannot be carried out: `code` and `message` tell the client why, `id` which one. */
export class ClientMessageError extends Error {
  readonly code: ClientErrorCode
  readonly id: MessageId | undefined

  constructor (code: ClientErrorCode, message: string, id?: MessageId) {
    super(message)
    this.name = 'ClientMessageError'
    this.code = code
    this.id = id
  }
}

/** Parses and checks one text message of a client. @throws {ClientMessageError} */
export function parseClientMessage (text: string): ClientMessage {
  const message = parseObject(text)
  const id = idOf(message)
  const { type } = message
  if (typeof type !== 'string') throw new ClientMessageError('BAD_MESSAGE', 'type must be a string', id)
  if (!isClientType(type)) {
    throw new ClientMessageError('UNKNOWN_TYPE', `unknown type ${excerpt(type)}; known: ${Object.keys(validators).join(', ')}`, id)
  }
  const validator = validators[type]
  if (!validator.Check(message)) {
    const [fault] = validator.Errors(message)
    throw new ClientMessageError('BAD_MESSAGE', `${type}: ${fault?.instancePath.slice(1) || 'the message'} ${fault?.message}`, id)
  }
  const known = knownFields(message, type)
  if (type === 'ping') return known as PingMessage
  const named = knownTopics(message.topics as string[] | undefined ?? defaultTopics, id)
  if (type === 'subscribe') refuseContradictions(known as Static<typeof Subscribe>, named)
  return { ...known, topics: named } as SubscribeMessage | UnsubscribeMessage
}

/** What would have no effect is not ignored in silence. */
function refuseContradictions ({ pops, delta, history, id }: Static<typeof Subscribe>, named: readonly Topic[]): void {
  if (!named.includes('pops') && (pops !== undefined || delta !== undefined)) {
    throw new ClientMessageError('BAD_MESSAGE', 'subscribe: pops and delta are for the topic pops, which is not among topics', id)
  }
  if (!named.includes('metrics') && history !== undefined) {
    throw new ClientMessageError('BAD_MESSAGE', 'subscribe: history is for the topic metrics, which is not among topics', id)
  }
}

function knownFields (message: Record<string, unknown>, type: ClientMessage['type']): Record<string, unknown> {
  return Object.fromEntries(Object.keys(schemas[type].properties).filter((field) => Object.hasOwn(message, field)).map((field) => [field, message[field]]))
}

function idOf ({ id }: Record<string, unknown>): MessageId | undefined {
  if (id === undefined || idValidator.Check(id)) return id
  throw new ClientMessageError('BAD_MESSAGE', `id must be a number or a string of at most ${MAX_ID_LENGTH} characters`)
}

function parseObject (text: string): Record<string, unknown> {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    throw new ClientMessageError('BAD_MESSAGE', 'not JSON')
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw new ClientMessageError('BAD_MESSAGE', 'a message is a JSON object with a type')
  }
  return message as Record<string, unknown>
}

function isClientType (type: string): type is ClientMessage['type'] {
  return Object.hasOwn(validators, type)
}

function knownTopics (names: readonly string[], id: MessageId | undefined): Topic[] {
  const unknown = names.find((name) => !(topics as readonly string[]).includes(name))
  if (unknown !== undefined) throw new ClientMessageError('UNKNOWN_TOPIC', `unknown topic ${excerpt(unknown)}; known: ${topics.join(', ')}`, id)
  return [...new Set(names)] as Topic[]
}

/** What a client sent, shortened for an answer. */
export function excerpt (text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text)
}
