import { Type } from 'typebox'

export const topics = ['metrics', 'alerts', 'pops'] as const
export type Topic = (typeof topics)[number]
/** What a `subscribe` without `topics` means. */
export const defaultTopics: readonly Topic[] = ['metrics', 'alerts']

/** What a client gets that names no topic and never subscribes. */
export const implicitTopics: readonly Topic[] = ['metrics']

export const MAX_ID_LENGTH = 128

export const literals = <T extends string> (values: readonly T[]) => Type.Unsafe<T>({ type: 'string', enum: values })
export const Timestamp = Type.String({ description: 'ISO 8601, UTC' })
export const Milliseconds = Type.Number({ description: 'milliseconds' })
export const orNull = (description: string) => ({
  text: Type.Union([Type.String(), Type.Null()], { description }),
  number: Type.Union([Type.Number(), Type.Null()], { description })
})
export const Id = Type.Union([Type.String({ maxLength: MAX_ID_LENGTH }), Type.Number()])
export const Position = {
  epoch: Type.String({ description: 'random; lasts as long as the stream does' }),
  seq: Type.Integer({
    description: 'counts the updates within an epoch; the client has been sent everything of its topics up to here'
  })
}
export const Replay = Type.Optional(Type.Literal(true, { description: 'sent again, not new' }))
