import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { clientErrors, type ClientErrorCode } from '../errors.ts'

export const PROTOCOL_VERSION = 1

export const topics = ['metrics', 'alerts', 'pops'] as const
export type Topic = (typeof topics)[number]
/** Accepted already; nothing is sent on them yet. */
export const pendingTopics: readonly Topic[] = ['alerts', 'pops']
/** What a `subscribe` without `topics` means. */
export const defaultTopics: readonly Topic[] = ['metrics', 'alerts']

const MAX_ID_LENGTH = 128

const literals = <T extends string> (values: readonly T[]) => Type.Unsafe<T>({ type: 'string', enum: values })
const Timestamp = Type.String({ description: 'ISO 8601, UTC' })
const Milliseconds = Type.Number({ description: 'milliseconds' })
const Id = Type.Union([Type.String({ maxLength: MAX_ID_LENGTH }), Type.Number()])
const Position = { epoch: Type.String(), seq: Type.Integer() }
const Notice = Type.Object({ message: Type.String(), timestamp: Timestamp })

// Server to client. `data` has the shape that clients have relied on from the first; what is newer stands beside it.

export const Welcome = Type.Object({
  type: Type.Literal('welcome'),
  data: Type.Object({ connectionId: Type.String(), message: Type.String(), timestamp: Timestamp }),
  protocol: Type.Literal(PROTOCOL_VERSION),
  ...Position,
  intervalMs: Milliseconds,
  heartbeatMs: Milliseconds,
  source: literals(['influxdb', 'demo']),
  limits: Type.Object({ maxMessageBytes: Type.Integer() })
})

export const MetricsUpdate = Type.Object({
  type: Type.Literal('metrics_update'),
  data: Type.Object({
    totalPops: Type.Integer(),
    healthyPops: Type.Integer(),
    averageColdStart: Type.Number(),
    regressions: Type.Integer()
  }),
  ...Position,
  dataTime: Type.Union([Timestamp, Type.Null()], { description: 'time of the newest sample; null while there is none' }),
  polledAt: Timestamp,
  ageMs: Type.Union([Type.Number(), Type.Null()], { description: 'age of the newest sample when this was sent' }),
  status: literals(['fresh', 'stale']),
  nextPollAt: Timestamp,
  skipped: Type.Optional(Type.Integer({ description: 'updates that this client missed because it was slow' }))
})

export const ErrorReport = Type.Object({
  type: Type.Literal('error'),
  data: Notice,
  code: literals(Object.keys(clientErrors) as ClientErrorCode[]),
  retryable: Type.Boolean(),
  retryAfterMs: Type.Optional(Milliseconds),
  dataTime: Type.Optional(Timestamp),
  ageMs: Type.Optional(Type.Number({ description: 'age of the last good data' })),
  id: Type.Optional(Id)
})

export const Pong = Type.Object({
  type: Type.Literal('pong'),
  timestamp: Timestamp,
  data: Type.Object({ timestamp: Timestamp }),
  ...Position,
  id: Type.Optional(Id)
})

export const SubscriptionConfirmed = Type.Object({
  type: Type.Literal('subscription_confirmed'),
  topics: Type.Array(literals(topics)),
  data: Type.Object({ topics: Type.Array(literals(topics)) }),
  ...Position,
  pendingTopics: Type.Optional(Type.Array(literals(topics), { description: 'subscribed topics on which nothing is sent yet' })),
  id: Type.Optional(Id)
})

export const ServerShutdown = Type.Object({
  type: Type.Literal('server_shutdown'),
  data: Notice,
  reconnect: Type.Literal(true),
  retryAfterMs: Milliseconds,
  closeCode: Type.Literal(1001)
})

export const serverMessages = { Welcome, MetricsUpdate, ErrorReport, Pong, SubscriptionConfirmed, ServerShutdown }
export type WelcomeMessage = Static<typeof Welcome>
export type MetricsUpdateMessage = Static<typeof MetricsUpdate>
export type ErrorMessage = Static<typeof ErrorReport>
export type PongMessage = Static<typeof Pong>
export type SubscriptionConfirmedMessage = Static<typeof SubscriptionConfirmed>
export type ServerShutdownMessage = Static<typeof ServerShutdown>
export type ServerMessage = WelcomeMessage | MetricsUpdateMessage | ErrorMessage | PongMessage | SubscriptionConfirmedMessage | ServerShutdownMessage

// Client to server. Unknown fields are ignored.

const TopicNames = Type.Array(Type.String(), { minItems: 1, maxItems: 16 })
const Ping = Type.Object({ type: Type.Literal('ping'), id: Type.Optional(Id) })
const Subscribe = Type.Object({ type: Type.Literal('subscribe'), topics: Type.Optional(TopicNames), id: Type.Optional(Id) })
const Unsubscribe = Type.Object({ type: Type.Literal('unsubscribe'), topics: TopicNames, id: Type.Optional(Id) })

type MessageId = Static<typeof Id>
export type ClientMessage =
  | { type: 'ping', id?: MessageId }
  | { type: 'subscribe', topics: Topic[], id?: MessageId }
  | { type: 'unsubscribe', topics: Topic[], id?: MessageId }

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
  const echo = id === undefined ? {} : { id }
  if (type === 'ping') return { type, ...echo }
  return { type, topics: knownTopics(message.topics as string[] | undefined ?? defaultTopics, id), ...echo }
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

function excerpt (text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text)
}

let lastTime = 0
let lastTimestamp = new Date(lastTime).toISOString()

/** ISO 8601 UTC, as every time on the wire. In a storm the same millisecond is asked for many times: the last answer is kept. */
export function timestamp (time: number): string {
  if (time !== lastTime) {
    lastTimestamp = new Date(time).toISOString()
    lastTime = time
  }
  return lastTimestamp
}

/** An `error` message. `extra` is what stands beside `data`, `code` and `retryable`. */
export function errorMessage (code: ClientErrorCode, message: string, now: number, extra: Partial<ErrorMessage> = {}): ErrorMessage {
  return { type: 'error', data: { message, timestamp: timestamp(now) }, code, retryable: clientErrors[code].retryable, ...extra }
}
