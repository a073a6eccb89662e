import type { Topic } from '../protocol/fields.ts'

/** PoPs that somebody may see, by code. */
export interface AllowedPops {
  readonly codes: ReadonlySet<string>
  /** The same for the same PoPs. */
  readonly key: string
}

/** What somebody may see, and until when. */
export interface Grant {
  /** Who it is, for the log; null: anybody. */
  readonly name: string | null
  /** null: all of them. */
  readonly topics: ReadonlySet<Topic> | null
  readonly pops: AllowedPops | null
  /** ms since the epoch; null: it does not expire. */
  readonly expiresAt: number | null
}

/** Of everybody, where nobody is asked who they are. */
export const EVERYTHING: Grant = { name: null, topics: null, pops: null, expiresAt: null }

export function allowedPops (codes: readonly string[]): AllowedPops {
  const sorted = [...new Set(codes)].toSorted()
  return { codes: new Set(sorted), key: JSON.stringify(sorted) }
}

export function allowsTopic ({ topics }: Grant, topic: Topic): boolean {
  return topics === null || topics.has(topic)
}

export function allowsPop ({ pops }: Grant, code: string): boolean {
  return pops === null || pops.codes.has(code)
}

/** Whether it leaves nothing out. */
export function isUnlimited ({ topics, pops }: Grant): boolean {
  return topics === null && pops === null
}

/** Whether both let the same through. */
export function hasSameLimits (one: Grant, other: Grant): boolean {
  return limitsOf(one) === limitsOf(other)
}

function limitsOf ({ topics, pops }: Grant): string {
  return JSON.stringify([topics === null ? null : [...topics].toSorted(), pops?.key ?? null])
}
