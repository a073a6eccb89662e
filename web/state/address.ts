import { conditions, type Condition } from './condition.ts'
import { encoded, listed, parametersOf, unlisted } from './query.ts'

export const views = ['now', 'map', 'timeline', 'table'] as const
export type View = typeof views[number]

export const sortKeys = ['code', 'city', 'country', 'tier', 'value', 'baseline', 'change', 'state', 'since', 'sample'] as const
export type SortKey = typeof sortKeys[number]
export interface Sort { readonly key: SortKey, readonly descending: boolean }

export const themes = ['auto', 'dark', 'light'] as const
export type Theme = typeof themes[number]

export const windows = { '15m': 900_000, '1h': 3_600_000 } as const
export type WindowMs = typeof windows[keyof typeof windows]

/** What is looked at: all that a link hands on. */
export interface Address {
  /** The PoP that is looked at closely. */
  readonly pop: string | null
  readonly code: readonly string[]
  readonly country: readonly string[]
  readonly tier: readonly string[]
  readonly state: readonly Condition[]
  /** What else has been written into the filter box. */
  readonly text: string
  readonly view: View
  readonly windowMs: WindowMs
  readonly sort: Sort
  readonly theme: Theme
  readonly kiosk: boolean
}

/** Of a query without parameters. `state` ascending: the worst first. */
export const defaultAddress: Address = {
  pop: null,
  code: [],
  country: [],
  tier: [],
  state: [],
  text: '',
  view: 'now',
  windowMs: windows['1h'],
  sort: { key: 'state', descending: false },
  theme: 'auto',
  kiosk: false
}

type Fields = Partial<Address>

/** How each parameter is read and written. What makes no sense yields nothing; what needs not be said is null. */
const parameters: Record<string, { read: (value: string) => Fields, write: (address: Address) => string | null }> = {
  pop: { read: (value) => value === '' ? {} : { pop: value }, write: ({ pop }) => pop },
  code: { read: (value) => ({ code: unlisted(value) }), write: ({ code }) => listOf(code) },
  country: { read: (value) => ({ country: unlisted(value) }), write: ({ country }) => listOf(country) },
  tier: { read: (value) => ({ tier: unlisted(value) }), write: ({ tier }) => listOf(tier) },
  state: {
    read: (value) => ({ state: unlisted(value.toLowerCase()).filter((word) => isOneOf<Condition>(conditions, word)) }),
    write: ({ state }) => listOf(state)
  },
  q: { read: (value) => ({ text: value.trim() }), write: ({ text }) => text === '' ? null : text },
  view: {
    read: (value) => isOneOf(views, value) ? { view: value } : {},
    write: ({ view }) => view === defaultAddress.view ? null : view
  },
  window: {
    read: (value) => Object.hasOwn(windows, value) ? { windowMs: windows[value as keyof typeof windows] } : {},
    write: ({ windowMs }) => windowMs === windows['15m'] ? '15m' : null
  },
  sort: {
    read: (value) => {
      const key = value.replace(/^-/, '')
      return isOneOf(sortKeys, key) ? { sort: { key, descending: value.startsWith('-') } } : {}
    },
    write: ({ sort: { key, descending } }) => {
      return key === defaultAddress.sort.key && !descending ? null : `${descending ? '-' : ''}${key}`
    }
  },
  theme: {
    read: (value) => isOneOf(themes, value) ? { theme: value } : {},
    write: ({ theme }) => theme === defaultAddress.theme ? null : theme
  },
  kiosk: { read: (value) => ({ kiosk: ['1', 'true', ''].includes(value) }), write: ({ kiosk }) => kiosk ? '1' : null }
}

/** What a query asks for. Never throws: what makes no sense is as if it were not there. */
export function parseAddress (search: string): Address {
  const given: Record<string, unknown> = {}
  for (const { name, value } of parametersOf(search)) {
    if (!Object.hasOwn(parameters, name)) continue
    for (const [field, read] of Object.entries(parameters[name]!.read(value))) {
      const known = given[field]
      // A list that comes twice is one list; of anything else the first that makes sense counts.
      if (Array.isArray(known)) given[field] = [...new Set([...known, ...read as unknown as string[]])]
      else given[field] ??= read
    }
  }
  return { ...defaultAddress, ...given }
}

/**
 * `?pop=...`, or nothing. What is in `current` keeps its place, and what in it is not ours is kept to the letter.
 */
export function searchOf (address: Address, current: string): string {
  const written = new Map(Object.entries(parameters).flatMap(([name, { write }]) => {
    const value = write(address)
    return value === null ? [] : [[name, `${name}=${encoded(value)}`] as const]
  }))
  const kept = parametersOf(current).flatMap(({ name, raw }) => {
    if (!Object.hasOwn(parameters, name)) return [raw]
    const ours = written.get(name)
    written.delete(name)
    return ours === undefined ? [] : [ours]
  })
  const all = [...kept, ...written.values()].join('&')
  return all === '' ? '' : `?${all}`
}

/** The same page at another address; `current`: the one that it has, with whatever path and fragment there is. */
export function hrefOf (address: Address, current: string): string {
  const [, before = '', search = '', fragment = ''] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(current) ?? []
  return `${before}${searchOf(address, search)}${fragment}`
}

function listOf (values: readonly string[]): string | null {
  return values.length === 0 ? null : listed(values)
}

function isOneOf <Word extends string> (words: readonly Word[], word: string): word is Word {
  return (words as readonly string[]).includes(word)
}
