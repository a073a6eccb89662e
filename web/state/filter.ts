import type { Pop, PopsFilter } from '../../client/types.ts'
import type { Address } from './address.ts'
import { conditionOf, conditions, type Condition } from './condition.ts'

/** What the server compares whole. */
const KINDS = ['code', 'country', 'tier'] as const
type Kind = typeof KINDS[number]

/** More than the server takes of one kind are compared here. */
const MAX_VALUES = 1_000

/** A word for the PoPs that no map can show. */
export const NO_LOCATION = 'location:none'

/** The text of the filter box. What it says is what `withTerms` makes the same address of. */
export function termsOf (address: Address): string {
  const named = (['code', 'country', 'tier', 'state'] as const).flatMap((kind) => {
    const values = address[kind]
    return values.length === 0 ? [] : [`${kind}:${values.map(quoted).join(',')}`]
  })
  return [...named, address.text].filter((term) => term !== '').join(' ')
}

/** The address with what is written in the filter box instead of what it filtered before. */
export function withTerms (address: Address, box: string): Address {
  const found: Record<Kind, string[]> & { state: Condition[] } = { code: [], country: [], tier: [], state: [] }
  const words: string[] = []
  for (const term of splitTerms(box)) {
    const { kind, values } = namedBy(term)
    // A PoP has one country, so two terms of it can only be meant as alternatives.
    if (kind === null) words.push(term)
    else if (kind === 'state') found.state.push(...values.flatMap(statesOf))
    else found[kind].push(...values)
  }
  const { code, country, tier, state } = found
  return { ...address, code: once(code), country: once(country), tier: once(tier), state: once(state), text: words.join(' ') }
}

/** What in the filter box cannot be understood, in words; null: nothing. */
export function problemOf (box: string): string | null {
  const wrong = splitTerms(box).map(namedBy)
    .flatMap(({ kind, values }) => kind === 'state' ? values.filter((value) => statesOf(value).length === 0) : [])
  return wrong.length === 0 ? null : `there is no state ${wrong.join(', ')}; there are ${conditions.join(', ')}`
}

export function isFiltered (address: Address): boolean {
  return termsOf(address) !== ''
}

/** What was made of an address, since the same one is held against every PoP at every update. */
const filters = new WeakMap<Address, (pop: Pop) => boolean>()

/** Whether a PoP passes all that is asked for. */
export function matches (address: Address, pop: Pop): boolean {
  const known = filters.get(address)
  if (known !== undefined) return known(pop)
  const filter = filterOf(withTerms(address, termsOf(address)))
  filters.set(address, filter)
  return filter(pop)
}

function filterOf (address: Address): (pop: Pop) => boolean {
  const whole = KINDS.filter((kind) => address[kind].length > 0)
    .map((kind) => [kind, new Set(address[kind].flatMap(spellings))] as const)
  const states = new Set(address.state)
  const words = splitTerms(address.text)
    .map((term) => term === NO_LOCATION ? term : splitList(term).map(folded).filter((word) => word !== ''))
    .filter((word) => word.length > 0)
  return (pop) => whole.every(([kind, values]) => values.has(pop[kind] ?? '')) &&
    (states.size === 0 || states.has(conditionOf(pop)) || (pop.status === 'silent' && states.has('silent'))) &&
    (words.length === 0 || hasWords(pop, words))
}

function hasWords (pop: Pop, words: ReadonlyArray<string | readonly string[]>): boolean {
  const text = [folded(pop.code), folded(pop.city ?? '')]
  return words.every((word) => typeof word === 'string'
    ? pop.latitude === null || pop.longitude === null
    : word.some((part) => text.some((name) => name.includes(part))))
}

/**
 * What can be asked of the server: what it compares as it is compared here. Never leaves out what is shown.
 * @param open the PoP that is looked at closely: all kinds must fit, so each is asked for with its value as well
 */
export function popsFilterOf (address: Address, open: Pick<Pop, Kind> | null = null): true | PopsFilter {
  const said = withTerms(address, termsOf(address))
  const asked = KINDS.map((kind) => [kind, once(said[kind].flatMap(spellings))] as const)
    .filter(([kind, values]) => values.length > 0 && open?.[kind] !== null)
    .map(([kind, values]) => [kind, open === null ? values : once([...values, open[kind] as string])] as const)
    .filter(([, values]) => values.length <= MAX_VALUES)
  return asked.length === 0 ? true : Object.fromEntries(asked)
}

/** The server compares to the letter, and people do not write so: `de` is meant to be DE. */
function spellings (value: string): string[] {
  const [first = '', ...rest] = value
  return once([value, value.toUpperCase(), value.toLowerCase(), first.toUpperCase() + rest.join('').toLowerCase()])
}

/** Without case and accents. */
function folded (text: string): string {
  return text.normalize('NFD').replace(/\p{Mn}/gu, '').toLowerCase()
}

interface Named { readonly kind: Kind | 'state' | null, readonly values: readonly string[] }

function namedBy (term: string): Named {
  const [, name = '', list = ''] = /^(code|country|tier|state):(.*)$/si.exec(term) ?? []
  return { kind: name === '' ? null : name.toLowerCase() as Kind | 'state', values: splitList(list) }
}

/** All that begin so, since the word is looked at while it is written. */
function statesOf (word: string): Condition[] {
  return conditions.filter((condition) => condition.startsWith(word.toLowerCase()))
}

/** At spaces that are not between quotes. */
function splitTerms (box: string): string[] {
  return box.match(/(?:"(?:\\.?|[^"\\])*(?:"|$)|[^\s"])+/gs) ?? []
}

/** At commas that are not between quotes, without the quotes. */
function splitList (list: string): string[] {
  const values = list.match(/(?:"(?:\\.?|[^"\\])*(?:"|$)|[^,"])+/gs) ?? []
  return values.map((value) => unquoted(value).trim()).filter((value) => value !== '')
}

function unquoted (text: string): string {
  return text.replace(/"((?:\\.?|[^"\\])*)(?:"|$)/gs, (_, inner: string) => inner.replace(/\\(.?)/gs, '$1'))
}

function quoted (value: string): string {
  return /[\s",\\]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : value
}

function once <Value> (values: readonly Value[]): Value[] {
  return [...new Set(values)]
}
