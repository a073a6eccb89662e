import { Type } from 'typebox'

export const Timestamp = Type.String({ description: 'ISO 8601, UTC' })

/** The body of every error. */
export const ErrorBody = Type.Object({
  statusCode: Type.Integer(),
  code: Type.String(),
  error: Type.String(),
  message: Type.String()
})
