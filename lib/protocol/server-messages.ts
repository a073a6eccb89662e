import { Type, type Static } from 'typebox'
import { Alert, OpenAlerts } from './alerts.ts'
import { clientErrors, type ClientErrorCode } from './errors.ts'
import { Id, literals, Milliseconds, orNull, Position, Replay, Timestamp, topics } from './fields.ts'
import { timestamp } from './timestamp.ts'

/** What the server says; what a client may say is in `client-messages.ts`. */
export const PROTOCOL_VERSION = 1

const HeadSeq = Type.Integer({ description: 'the newest update that there is, which this client may not have been sent yet' })
const Notice = Type.Object({ message: Type.String(), timestamp: Timestamp })

// `data` has the shape that clients have relied on from the first; what is newer stands beside it.

/** Of a token that expires. */
const TokenExpiry = {
  tokenExpiresAt: Type.Optional(
    Type.String({ description: 'ISO 8601, UTC: then the connection is closed, unless an auth came before' })
  ),
  tokenExpiresInMs: Type.Optional(Type.Number({ description: 'the same from now, milliseconds: needs no synchronous clocks' }))
}

export const Welcome = Type.Object({
  type: Type.Literal('welcome'),
  data: Type.Object({ connectionId: Type.String(), message: Type.String(), timestamp: Timestamp }),
  protocol: Type.Literal(PROTOCOL_VERSION),
  version: Type.String({ description: 'of the server' }),
  instance: Type.Optional(Type.String({ description: 'which of the processes that share the stream this is' })),
  ...Position,
  headSeq: HeadSeq,
  intervalMs: Milliseconds,
  heartbeatMs: Milliseconds,
  healthyBelowMs: Type.Number({ description: 'a PoP is healthy below this, milliseconds' }),
  overviewWindowMs: Type.Number({ description: 'PoPs that reported within this are counted, milliseconds' }),
  source: literals(['influxdb', 'demo']),
  limits: Type.Object({ maxMessageBytes: Type.Integer() }),
  ...TokenExpiry
})

export const AuthRequired = Type.Object({
  type: Type.Literal('auth_required'),
  withinMs: Type.Number({ description: 'so long the server waits for an auth, milliseconds' })
})

export const AuthConfirmed = Type.Object({
  type: Type.Literal('auth_confirmed'),
  ...TokenExpiry,
  topics: Type.Optional(Type.Array(literals(topics), { description: 'the token is good for these only' })),
  pops: Type.Optional(Type.Array(Type.String(), { description: 'the token is good for these only, by code' })),
  id: Type.Optional(Id)
})

/** How old what is told is. */
const Freshness = {
  dataTime: orNull('time of the newest sample; null while there is none').text,
  polledAt: Timestamp,
  ageMs: orNull('age of the newest sample when this was made, milliseconds').number,
  status: literals(['fresh', 'stale']),
  nextPollAt: Timestamp,
  skipped: Type.Optional(Type.Integer({ description: 'updates that this client missed because it was slow' }))
}

export const MetricsUpdate = Type.Object({
  type: Type.Literal('metrics_update'),
  data: Type.Object({
    totalPops: Type.Integer(),
    healthyPops: Type.Integer(),
    averageColdStart: Type.Number({ description: 'milliseconds; 0, and without a meaning, while totalPops is 0' }),
    regressions: Type.Integer()
  }),
  ...Position,
  ...Freshness,
  silentPops: Type.Integer({ description: 'PoPs counted in totalPops that have no sample for 2.5 of their own intervals' }),
  replay: Replay
})

export const PopState = Type.Object({
  code: Type.String(),
  city: orNull('as the samples say').text,
  country: orNull('as the samples say').text,
  tier: orNull('as the samples say').text,
  latitude: orNull('degrees').number,
  longitude: orNull('degrees').number,
  coldStartMs: Type.Number({ description: 'mean over the functions of each one\'s newest sample, milliseconds' }),
  healthy: Type.Boolean(),
  status: literals(['fresh', 'silent']),
  regression: literals(['none', 'warning', 'critical', 'not_enough_data']),
  sampleTime: Timestamp,
  baselineMs: orNull('what it is compared with, milliseconds; null while there is nothing').number,
  baselineLowMs: orNull('between these it is usual ...').number,
  baselineHighMs: orNull('... above this it is regressed').number
})

/** Of a PoP that the client has what is not as it was. */
const ChangedPop = Type.Object({
  ...Type.Partial(PopState).properties,
  code: Type.String(),
  lagMs: Type.Optional(
    Type.Integer({ description: 'milliseconds from sampleTime to dataTime; 0 where neither this nor sampleTime is there' })
  )
})

export const PopsUpdate = Type.Object({
  type: Type.Literal('pops_update'),
  data: Type.Union([
    Type.Object({ pops: Type.Array(PopState) }, { description: 'every PoP of the filter' }),
    Type.Object(
      { changed: Type.Array(PopState), removed: Type.Array(Type.String()) },
      { description: 'with delta: what is new since baseSeq' }
    ),
    Type.Object(
      { changed: Type.Array(ChangedPop), removed: Type.Array(Type.String()) },
      { description: 'with delta and fields: of those that have changed what has changed; of those that are new all' }
    )
  ]),
  ...Position,
  ...Freshness,
  delta: Type.Optional(Type.Literal(true)),
  fields: Type.Optional(Type.Literal(true)),
  baseSeq: Type.Optional(Type.Integer({ description: 'the seq that a delta is to be applied to' }))
})

export const ErrorReport = Type.Object({
  type: Type.Literal('error'),
  data: Notice,
  code: literals(Object.keys(clientErrors) as ClientErrorCode[]),
  retryable: Type.Boolean(),
  retryAfterMs: Type.Optional(Milliseconds),
  since: Type.Optional(Timestamp),
  dataTime: Type.Optional(Timestamp),
  ageMs: Type.Optional(Type.Number({ description: 'age of the last good data, milliseconds' })),
  id: Type.Optional(Id)
})

export const Pong = Type.Object({
  type: Type.Literal('pong'),
  timestamp: Timestamp,
  data: Type.Object({ timestamp: Timestamp }),
  ...Position,
  headSeq: HeadSeq,
  id: Type.Optional(Id)
})

/** Why what was missed cannot be sent again. */
export const unrecoverable = {
  other_epoch: 'the position is of another stream',
  unknown_seq: 'the position is ahead of this stream',
  too_old: 'more was missed than the log keeps',
  too_large: 'more was missed than a connection may have unread',
  invalid_position: 'what was given is not an epoch with a seq'
} as const
export type Unrecoverable = keyof typeof unrecoverable

export const SubscriptionConfirmed = Type.Object({
  type: Type.Literal('subscription_confirmed'),
  topics: Type.Array(literals(topics)),
  data: Type.Object({ topics: Type.Array(literals(topics)) }),
  ...Position,
  headSeq: HeadSeq,
  recovered: Type.Optional(Type.Boolean({ description: 'only after a position was given: whether all that was missed follows' })),
  fromSeq: Type.Optional(Type.Integer({ description: 'the first seq that follows from the log' })),
  code: Type.Optional(Type.Literal('UNRECOVERABLE_POSITION')),
  reason: Type.Optional(literals(Object.keys(unrecoverable) as Unrecoverable[])),
  unknownTopics: Type.Optional(
    Type.Array(Type.String(), { description: 'of those asked for, the ones that this server does not have' })
  ),
  forbiddenTopics: Type.Optional(
    Type.Array(literals(topics), { description: 'of those asked for, the ones that the token is not good for' })
  ),
  unknownPops: Type.Optional(
    Type.Object(
      {
        code: Type.Optional(Type.Array(Type.String())),
        country: Type.Optional(Type.Array(Type.String())),
        tier: Type.Optional(Type.Array(Type.String()))
      },
      { description: 'values of the filter that no PoP has now; they match when one reports' }
    )
  ),
  ignored: Type.Optional(
    Type.Array(Type.String(), { description: 'fields without effect: they are for a topic that is not among topics' })
  ),
  id: Type.Optional(Id)
})

export const ServerShutdown = Type.Object({
  type: Type.Literal('server_shutdown'),
  data: Notice,
  reconnect: Type.Literal(true),
  retryAfterMs: Milliseconds,
  closeCode: Type.Literal(1001)
})

/** Where there is no close frame (on an event stream) this is the last that a client is told. */
export const Close = Type.Object({
  type: Type.Literal('close'),
  code: Type.Integer({ description: 'as the close code of a WebSocket' }),
  reason: Type.String()
})

export const serverMessages = {
  AuthRequired,
  AuthConfirmed,
  Welcome,
  MetricsUpdate,
  PopsUpdate,
  Alert,
  OpenAlerts,
  ErrorReport,
  Pong,
  SubscriptionConfirmed,
  ServerShutdown,
  Close
}
export type AuthConfirmedMessage = Static<typeof AuthConfirmed>
export type WelcomeMessage = Static<typeof Welcome>
export type MetricsUpdateMessage = Static<typeof MetricsUpdate>
/** A PoP in a delta by fields. */
export type PopDelta = Static<typeof ChangedPop>
export type PopsUpdateMessage = Static<typeof PopsUpdate>
export type AlertMessage = Static<typeof Alert>
export type OpenAlertsMessage = Static<typeof OpenAlerts>
export type ErrorMessage = Static<typeof ErrorReport>
export type PongMessage = Static<typeof Pong>
export type SubscriptionConfirmedMessage = Static<typeof SubscriptionConfirmed>
export type ServerShutdownMessage = Static<typeof ServerShutdown>
export type CloseMessage = Static<typeof Close>
export type ServerMessage = Static<(typeof serverMessages)[keyof typeof serverMessages]>

/** An `error` message. `extra` is what stands beside `data`, `code` and `retryable`. */
export function errorMessage (
  code: ClientErrorCode,
  message: string,
  now: number,
  extra: Partial<ErrorMessage> = {}
): ErrorMessage {
  return { type: 'error', data: { message, timestamp: timestamp(now) }, code, retryable: clientErrors[code].retryable, ...extra }
}
