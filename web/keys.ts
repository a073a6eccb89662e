import { windows, type View, type WindowMs } from './state/address.ts'

export type Command =
  | { readonly do: 'next' } | { readonly do: 'previous' } | { readonly do: 'open' }
  | { readonly do: 'close' | 'filter' | 'pause' | 'kiosk' | 'copy-link' | 'copy-summary' }
  | { readonly do: 'sound' | 'theme' | 'help' }
  | { readonly do: 'view', readonly view: View }
  | { readonly do: 'window', readonly windowMs: WindowMs }

/** Of a key: what it does, in words for the help. */
export interface Binding {
  readonly keys: readonly string[]
  readonly words: string
  /** It stays when single keys are switched off: nobody says it by chance to a program that listens (WCAG 2.1.4). */
  readonly stays?: boolean
}

export const bindings: readonly Binding[] = [
  { keys: ['j', 'k'], words: 'next, previous in the list' },
  { keys: ['↓', '↑'], words: 'the same', stays: true },
  { keys: ['Enter'], words: 'look at it closely', stays: true },
  { keys: ['Esc'], words: 'close, clear the filter', stays: true },
  { keys: ['/'], words: 'filter' },
  { keys: ['1', '2', '3', '4'], words: 'now, map, timeline, table' },
  { keys: ['[', ']'], words: 'the last 15 min, the last hour' },
  { keys: ['p'], words: 'pause the picture, and go on' },
  { keys: ['f'], words: 'full screen' },
  { keys: ['c'], words: 'copy the link' },
  { keys: ['y'], words: 'copy a summary' },
  { keys: ['s'], words: 'sound' },
  { keys: ['t'], words: 'theme' },
  { keys: ['?'], words: 'this help' }
]

/** By `KeyboardEvent.key`. */
const staying: Readonly<Record<string, Command>> = {
  ArrowDown: { do: 'next' },
  ArrowUp: { do: 'previous' },
  Enter: { do: 'open' },
  Escape: { do: 'close' }
}

const single: Readonly<Record<string, Command>> = {
  j: { do: 'next' },
  k: { do: 'previous' },
  '/': { do: 'filter' },
  1: { do: 'view', view: 'now' },
  2: { do: 'view', view: 'map' },
  3: { do: 'view', view: 'timeline' },
  4: { do: 'view', view: 'table' },
  '[': { do: 'window', windowMs: windows['15m'] },
  ']': { do: 'window', windowMs: windows['1h'] },
  p: { do: 'pause' },
  f: { do: 'kiosk' },
  c: { do: 'copy-link' },
  y: { do: 'copy-summary' },
  s: { do: 'sound' },
  t: { do: 'theme' },
  '?': { do: 'help' }
}

/** What a `KeyboardEvent` has. */
export interface KeyLike {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
  readonly shiftKey: boolean
  readonly repeat: boolean
  readonly isComposing: boolean
  readonly defaultPrevented: boolean
  readonly target: unknown
  getModifierState? (key: string): boolean
}

interface ElementLike {
  readonly closest?: (selectors: string) => unknown
}

/** Where what is typed is text, or chooses. */
const TYPED_INTO = [
  'input', 'textarea', 'select', '[contenteditable]:not([contenteditable="false"])',
  '[role="textbox"]', '[role="combobox"]', '[role="searchbox"]'
].join(', ')
/** What does something of its own with Enter. */
const PRESSED = 'button, a[href], summary, [role="button"], [role="link"], [role="tab"]'
/** What goes somewhere of its own with arrows, such as a map, or what is scrolled. */
const ARROWED = '[data-arrows]'
/** All keys in it are its own. */
const MODAL = 'dialog:modal'

/** What a key asks for; null: it is not ours. */
export function commandOf (event: KeyLike, { singleKeys }: { singleKeys: boolean }): Command | null {
  const { key, defaultPrevented, isComposing } = event
  if (defaultPrevented || isComposing || isModified(event) || isWithin(event, TYPED_INTO) || isWithin(event, MODAL)) return null
  if (Object.hasOwn(staying, key)) return stayingCommand(event)
  if (!singleKeys) return null
  // With caps lock on, j is J without the shift key.
  const name = /^[A-Z]$/.test(key) && !event.shiftKey ? key.toLowerCase() : key
  const command = Object.hasOwn(single, name) ? single[name]! : null
  return event.repeat && command?.do !== 'next' && command?.do !== 'previous' ? null : command
}

function stayingCommand (event: KeyLike): Command | null {
  const { key, shiftKey, repeat } = event
  if (shiftKey) return null
  if (key.startsWith('Arrow')) return isWithin(event, ARROWED) ? null : staying[key]!
  if (repeat || (key === 'Enter' && isWithin(event, PRESSED))) return null
  return staying[key]!
}

/** On some keyboards a bracket needs AltGr, which Windows tells as Ctrl and Alt. */
function isModified (event: KeyLike): boolean {
  const { key, ctrlKey, metaKey, altKey } = event
  if (metaKey) return true
  const isAltGraph = (key === '[' || key === ']') && event.getModifierState?.('AltGraph') === true
  return (ctrlKey || altKey) && !isAltGraph
}

function isWithin ({ target }: KeyLike, selectors: string): boolean {
  return (target as ElementLike | null)?.closest?.(selectors) != null
}
