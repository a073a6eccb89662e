import { Type } from 'typebox'

export const Timestamp = Type.String({ description: 'ISO 8601, UTC' })

/** The body of every error. */
export const ErrorBody = Type.Object({
  statusCode: Type.Integer(),
  code: Type.String(),
  error: Type.String(),
  message: Type.String()
})

/** What a client wants to begin with. Of any type: what makes no sense is named in the confirmation, never refused. */
export const ConnectQuerystring = Type.Object({
  topics: Type.Optional(Type.Unknown({ description: 'comma separated, instead of a first subscribe' })),
  pops: Type.Optional(Type.Unknown({
    description: 'the filter of the topic pops: fra1,ams1, or country:DE,tier:1, or JSON as in subscribe'
  })),
  delta: Type.Optional(Type.Unknown({ description: 'true or fields' })),
  history: Type.Optional(Type.Unknown({ description: 'so many of the last updates' })),
  epoch: Type.Optional(Type.Unknown({ description: 'with seq: the last position that the client has seen' })),
  seq: Type.Optional(Type.Unknown({ description: 'with epoch' }))
})
