import { Compile } from 'typebox/compile'
import { MAX_VALUES } from './faults.ts'
import {
  PopsFilterSchema, positionOf, splitTopics, takeUseless, type Delta, type GivenPosition, type PopsFilterSpec
} from './client-messages.ts'
import { implicitTopics, type Topic } from './fields.ts'

/** More topics than this are none of ours. */
const MAX_TOPICS = 16
const KINDS = ['code', 'country', 'tier'] as const
type Kind = typeof KINDS[number]

const filterValidator = Compile(PopsFilterSchema)
const deltas: Record<string, Delta> = { '': true, true: true, 1: true, false: false, 0: false, fields: 'fields' }

/** What a client asks for with the request that opens its connection. */
export interface Wishes {
  /** The last position that it has seen, when it gave one. */
  position: GivenPosition | 'invalid' | null
  /** Those that there are; null: it named none, and gets what every client gets. */
  topics: readonly Topic[] | null
  unknownTopics?: string[]
  pops?: PopsFilterSpec
  delta?: Delta
  history?: number
  /** What makes no sense, or is for a topic that it has not asked for. */
  ignored?: string[]
}

/** As a query string has it: each parameter once, several times, or not at all. */
export type ConnectQuery = Record<string, unknown>

/**
 * Reads `topics`, `pops`, `delta`, `history`, `epoch` and `seq` of a URL. Nothing of them is a reason to refuse the connection:
 * a browser would only see that it failed. @param lastEventId of the header of that name, which is newer than the URL
 */
export function wishesOf (query: ConnectQuery, lastEventId?: string): Wishes {
  const names = listOf(query.topics).slice(0, MAX_TOPICS)
  const { topics, unknownTopics } = splitTopics(names)
  const read = { pops: popsOf(query.pops), delta: deltaOf(query.delta), history: countOf(query.history) }
  const senseless = Object.entries(read).filter(([, value]) => value === 'invalid').map(([name]) => name)
  const wanted = Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined && value !== 'invalid'))
  const useless = takeUseless(wanted, topics.length === 0 ? implicitTopics : topics)
  const ignored = [...senseless, ...useless]
  return {
    position: lastEventId === undefined ? givenPosition(query) : positionOfEvent(lastEventId),
    topics: names.length === 0 ? null : topics,
    ...(unknownTopics !== undefined && { unknownTopics }),
    ...wanted,
    ...(ignored.length > 0 && { ignored })
  }
}

function givenPosition ({ epoch, seq }: ConnectQuery): Wishes['position'] {
  if (epoch === undefined && seq === undefined) return null
  return positionOf({ epoch, seq: typeof seq === 'string' ? wholeNumber(seq) : seq })
}

/** The `id` of an event: `epoch:seq`. */
function positionOfEvent (id: string): Wishes['position'] {
  const end = id.lastIndexOf(':')
  return positionOf({ epoch: id.slice(0, Math.max(0, end)), seq: wholeNumber(id.slice(end + 1)) })
}

function wholeNumber (text: string): number | undefined {
  return /^\d{1,16}$/.test(text) ? Number(text) : undefined
}

/** Once, comma separated; or several times, as many libraries write a list. */
function listOf (given: unknown): string[] {
  return textsOf(given).flatMap((list) => list.split(',')).map((value) => value.trim()).filter((value) => value !== '')
}

function textsOf (given: unknown): string[] {
  return [given].flat().filter((value) => typeof value === 'string')
}

/** `fra1,ams1`, `country:DE,tier:1`, or as in `subscribe`, as JSON. */
function popsOf (given: unknown): PopsFilterSpec | 'invalid' | undefined {
  const texts = textsOf(given)
  const [first] = texts
  const spec = first !== undefined && /^\s*[[{]/.test(first) ? parsed(first) : valuesOf(listOf(texts))
  return spec === undefined || filterValidator.Check(spec) ? spec : 'invalid'
}

function parsed (json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return null
  }
}

function valuesOf (terms: readonly string[]): Partial<Record<Kind, string[]>> | undefined {
  const values: Partial<Record<Kind, string[]>> = {}
  for (const term of terms.slice(0, MAX_VALUES + 1)) {
    const kind = KINDS.find((name) => term.startsWith(`${name}:`))
    const list = values[kind ?? 'code'] ??= []
    list.push(kind === undefined ? term : term.slice(kind.length + 1))
  }
  return terms.length === 0 ? undefined : values
}

function deltaOf (given: unknown): Delta | 'invalid' | undefined {
  const [text] = textsOf(given)
  if (text === undefined) return undefined
  return Object.hasOwn(deltas, text) ? deltas[text] : 'invalid'
}

function countOf (given: unknown): number | 'invalid' | undefined {
  const [text] = textsOf(given)
  return text === undefined || text === '' ? undefined : wholeNumber(text) ?? 'invalid'
}
