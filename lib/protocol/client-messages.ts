import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { ClientErrorCode } from './errors.ts'
import { excerpt, faultOf, MAX_VALUES } from './faults.ts'
import { defaultTopics, Id, MAX_ID_LENGTH, topics, type Topic } from './fields.ts'

/** Unknown fields are ignored. */
const TopicNames = Type.Array(Type.String(), { minItems: 1, maxItems: 16, description: `of ${topics.join(', ')}` })
const Values = Type.Array(Type.String(), { minItems: 1, maxItems: MAX_VALUES })

const ValuesByKind = Type.Object(
  { code: Type.Optional(Values), country: Type.Optional(Values), tier: Type.Optional(Values) },
  { additionalProperties: false, minProperties: 1 }
)
export const PopsFilterSchema = Type.Union([Values, ValuesByKind], {
  description: 'PoP codes, or values of code, country and tier that all must fit'
})

export const DeltaSchema = Type.Union([Type.Boolean(), Type.Literal('fields')], {
  description: 'pops: only those that have changed, after a whole update; fields: of those only what has changed'
})

export const Ping = Type.Object({ type: Type.Literal('ping'), id: Type.Optional(Id) })

const PositionSchema = Type.Object(
  { epoch: Type.String(), seq: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) },
  { description: 'the last position that the client has seen' }
)

export const Subscribe = Type.Object({
  type: Type.Literal('subscribe'),
  topics: Type.Optional(TopicNames),
  pops: Type.Optional(PopsFilterSchema),
  delta: Type.Optional(DeltaSchema),
  since: Type.Optional(PositionSchema),
  history: Type.Optional(
    Type.Integer({
      minimum: 0,
      description:
        'so many of the last updates, as far as the log goes back; where there is a position, only if it cannot be recovered'
    })
  ),
  id: Type.Optional(Id)
})

export const Unsubscribe = Type.Object({ type: Type.Literal('unsubscribe'), topics: TopicNames, id: Type.Optional(Id) })

export const Auth = Type.Object({
  type: Type.Literal('auth'),
  token: Type.String({ description: 'in the place of a first one, or of the one that the connection has' }),
  id: Type.Optional(Id)
})

export const clientMessages = { Ping, Subscribe, Unsubscribe, Auth }

export type MessageId = Static<typeof Id>
export type PopsFilterSpec = Static<typeof PopsFilterSchema>
/** Whether PoPs are told as changes: not, those that have changed, or of those what has changed. */
export type Delta = Static<typeof DeltaSchema>
export type AuthMessage = Static<typeof Auth>
export type PingMessage = Static<typeof Ping>
/** Where a client stands in the stream. */
export type GivenPosition = Static<typeof PositionSchema>
/** Of those named, the topics that there are, and the others. */
interface Named { topics: Topic[], unknownTopics?: string[] }
export type SubscribeMessage = Omit<Static<typeof Subscribe>, 'topics' | 'since'> & Named & {
  since?: GivenPosition | 'invalid'
  /** Fields for a topic that is not among the topics. */
  ignored?: string[]
}
export type UnsubscribeMessage = Omit<Static<typeof Unsubscribe>, 'topics'> & Named
export type ClientMessage = AuthMessage | PingMessage | SubscribeMessage | UnsubscribeMessage

const schemas = { ping: Ping, subscribe: Subscribe, unsubscribe: Unsubscribe, auth: Auth }
const validators = {
  ping: Compile(Ping), subscribe: Compile(Subscribe), unsubscribe: Compile(Unsubscribe), auth: Compile(Auth)
}
const idValidator = Compile(Id)
const positionValidator = Compile(PositionSchema)

/** A message of a client that cannot be carried out: `code` and `message` tell the client why, `id` which one. */
export class ClientMessageError extends Error {
  readonly code: ClientErrorCode
  readonly id: MessageId | undefined
  /** null: it has none that we know. */
  readonly type: ClientMessage['type'] | null

  constructor (code: ClientErrorCode, message: string, id?: MessageId, type: ClientMessage['type'] | null = null) {
    super(message)
    this.name = 'ClientMessageError'
    this.code = code
    this.id = id
    this.type = type
  }
}

/** Of a frame that is not text. */
export function binaryMessageError (): ClientMessageError {
  return new ClientMessageError('BAD_MESSAGE', 'binary messages are not understood, send JSON as text')
}

/** Parses and checks one text message of a client. @throws {ClientMessageError} */
export function parseClientMessage (text: string): ClientMessage {
  const given = parseObject(text)
  const id = idOf(given)
  const { type } = given
  if (typeof type !== 'string') throw new ClientMessageError('BAD_MESSAGE', 'type must be a string', id)
  if (!isClientType(type)) {
    throw new ClientMessageError(
      'UNKNOWN_TYPE',
      `unknown type ${excerpt(type)}; known: ${Object.keys(validators).join(', ')}`,
      id
    )
  }
  const { since, ...message } = knownFields(given, type)
  const validator = validators[type]
  if (!validator.Check(message)) {
    throw new ClientMessageError('BAD_MESSAGE', `${type}: ${faultOf(validator, message)}`, id, type)
  }
  if (type === 'ping' || type === 'auth') return message as unknown as PingMessage | AuthMessage
  const named = namedTopics((message as { topics?: string[] }).topics ?? defaultTopics, id, type)
  if (type === 'unsubscribe') return { ...message, ...named }
  const ignored = takeUseless(message, named.topics)
  return {
    ...message,
    ...named,
    ...(since !== undefined && { since: positionOf(since) }),
    ...(ignored.length > 0 && { ignored })
  }
}

const fieldsFor: Partial<Record<Topic, readonly string[]>> = { pops: ['pops', 'delta'], metrics: ['history'] }

/** Takes away what would have no effect; it is named in the answer rather than ignored in silence. */
export function takeUseless (message: Record<string, unknown>, named: readonly Topic[]): string[] {
  const useless = topics
    .flatMap((topic) => (named.includes(topic) ? [] : (fieldsFor[topic] ?? [])))
    .filter((field) => message[field] !== undefined)
  for (const field of useless) delete message[field]
  return useless
}

/** A position that makes no sense loses no more than the recovery. */
export function positionOf (given: unknown): GivenPosition | 'invalid' {
  return positionValidator.Check(given) ? given : 'invalid'
}

/** The fields that there are; many languages write `null` for what is absent. */
function knownFields (message: Record<string, unknown>, type: ClientMessage['type']): Record<string, unknown> {
  return Object.fromEntries(Object.keys(schemas[type].properties)
    .filter((field) => Object.hasOwn(message, field) && message[field] !== null)
    .map((field) => [field, message[field]]))
}

function idOf ({ id }: Record<string, unknown>): MessageId | undefined {
  if (id === undefined || id === null) return undefined
  if (!idValidator.Check(id)) {
    throw new ClientMessageError('BAD_MESSAGE', `id must be a number or a string of at most ${MAX_ID_LENGTH} characters`)
  }
  // A number of another language's that JavaScript cannot hold would come back as another one.
  if (typeof id === 'number' && Math.abs(id) > Number.MAX_SAFE_INTEGER) {
    throw new ClientMessageError(
      'BAD_MESSAGE',
      'id is a number beyond 2^53, which would not come back unchanged; send it as a string'
    )
  }
  return id
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

/** @throws {ClientMessageError} when there is none of them */
function namedTopics (names: readonly string[], id: MessageId | undefined, type: ClientMessage['type']): Named {
  const named = splitTopics(names)
  const [unknown = ''] = names
  if (named.topics.length > 0) return named
  throw new ClientMessageError('UNKNOWN_TOPIC', `unknown topic ${excerpt(unknown)}; known: ${topics.join(', ')}`, id, type)
}

/** Each topic once, and what is none. */
export function splitTopics (names: readonly string[]): Named {
  const isKnown = (name: string): name is Topic => (topics as readonly string[]).includes(name)
  const known = names.filter(isKnown)
  const others = names.filter((name) => !isKnown(name)).map((name) => name.slice(0, MAX_ID_LENGTH))
  return { topics: [...new Set(known)], ...(others.length > 0 && { unknownTopics: others }) }
}
