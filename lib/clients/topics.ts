import { implicitTopics, type Topic } from '../protocol/fields.ts'

type Topics = ReadonlySet<Topic>

/** Shared, so that it costs nothing per connection. */
export const IMPLICIT_TOPICS: Topics = new Set(implicitTopics)

/** Of one who may not have the implicit ones. */
export const NO_TOPICS: Topics = new Set()

/** The first subscription takes the place of the implicit one. */
export function withTopics (topics: Topics, more: readonly Topic[]): Topics {
  return new Set([...(topics === IMPLICIT_TOPICS ? [] : topics), ...more])
}

export function withoutTopics (topics: Topics, fewer: readonly Topic[]): Topics {
  return fewer.some((topic) => topics.has(topic)) ? new Set([...topics].filter((topic) => !fewer.includes(topic))) : topics
}
