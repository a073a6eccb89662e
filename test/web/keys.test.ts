import t from 'tap'
import { bindings, commandOf, type Command, type KeyLike } from '../../web/keys.ts'

const still = {
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  repeat: false,
  isComposing: false,
  defaultPrevented: false,
  target: null
}
const on = { singleKeys: true }
const off = { singleKeys: false }

/** An element that is, or is in, what the selectors name by one of these words. */
function within (...words: string[]): KeyLike['target'] {
  return { closest: (selectors: string) => selectors.split(', ').some((selector) => words.includes(selector)) ? {} : null }
}

const commands: Record<string, Command> = {
  j: { do: 'next' },
  ArrowDown: { do: 'next' },
  k: { do: 'previous' },
  ArrowUp: { do: 'previous' },
  Enter: { do: 'open' },
  Escape: { do: 'close' },
  '/': { do: 'filter' },
  1: { do: 'view', view: 'now' },
  2: { do: 'view', view: 'map' },
  3: { do: 'view', view: 'timeline' },
  4: { do: 'view', view: 'table' },
  '[': { do: 'window', windowMs: 900_000 },
  ']': { do: 'window', windowMs: 3_600_000 },
  p: { do: 'pause' },
  f: { do: 'kiosk' },
  c: { do: 'copy-link' },
  y: { do: 'copy-summary' },
  s: { do: 'sound' },
  t: { do: 'theme' },
  '?': { do: 'help' }
}
const fields = ['input', 'textarea', 'select', '[contenteditable]:not([contenteditable="false"])', '[role="combobox"]']
const staying = ['ArrowDown', 'ArrowUp', 'Enter', 'Escape']

for (const [key, command] of Object.entries(commands)) {
  t.test(`${key} is ${JSON.stringify(command)}`, async (t) => {
    const event = { ...still, key }
    t.strictSame(commandOf(event, on), command)
    t.strictSame(commandOf(event, off), staying.includes(key) ? command : null, 'single keys can be switched off')
    for (const kind of ['ctrlKey', 'metaKey', 'altKey', 'isComposing', 'defaultPrevented'] as const) {
      t.equal(commandOf({ ...event, [kind]: true }, on), null, kind)
    }
    for (const field of fields) {
      t.equal(commandOf({ ...event, target: within(field) }, on), null, field)
    }
    t.equal(commandOf({ ...event, target: within('dialog:modal') }, on), null, 'a dialog has its own')
    const repeated = commandOf({ ...event, repeat: true }, on)
    t.strictSame(repeated, ['next', 'previous'].includes(command.do) ? command : null, 'held down')
  })
}

t.test('the help names every key', async (t) => {
  const names: Record<string, string> = { ArrowDown: '↓', ArrowUp: '↑', Escape: 'Esc' }
  t.strictSame(bindings.flatMap(({ keys }) => keys).sort(), Object.keys(commands).map((key) => names[key] ?? key).sort())
  t.strictSame(bindings.filter(({ stays }) => stays).flatMap(({ keys }) => keys), ['↓', '↑', 'Enter', 'Esc'])
})

const others: Array<{ name: string, event: Partial<KeyLike> & { key: string }, expected: Command | null }> = [
  { name: 'a key that is not ours', event: { key: 'x' }, expected: null },
  { name: 'a name that every object has', event: { key: 'constructor' }, expected: null },
  { name: 'J with the shift key', event: { key: 'J', shiftKey: true }, expected: null },
  { name: 'J with caps lock', event: { key: 'J' }, expected: { do: 'next' } },
  { name: '? with the shift key, where it needs one', event: { key: '?', shiftKey: true }, expected: { do: 'help' } },
  {
    name: '1 with the shift key, where it needs one',
    event: { key: '1', shiftKey: true },
    expected: { do: 'view', view: 'now' }
  },
  { name: 'Enter with the shift key', event: { key: 'Enter', shiftKey: true }, expected: null },
  { name: 'Enter on a button', event: { key: 'Enter', target: within('button') }, expected: null },
  { name: 'Enter on a link', event: { key: 'Enter', target: within('a[href]') }, expected: null },
  { name: 'Esc on a button', event: { key: 'Escape', target: within('button') }, expected: { do: 'close' } },
  { name: 'j on a button', event: { key: 'j', target: within('button') }, expected: { do: 'next' } },
  { name: 'an arrow on what has its own', event: { key: 'ArrowDown', target: within('[data-arrows]') }, expected: null },
  { name: 'j on what has its own arrows', event: { key: 'j', target: within('[data-arrows]') }, expected: { do: 'next' } },
  {
    name: '[ with AltGr, as Windows tells it',
    event: { key: '[', ctrlKey: true, altKey: true, getModifierState: (name) => name === 'AltGraph' },
    expected: { do: 'window', windowMs: 900_000 }
  },
  {
    name: '[ with Ctrl and Alt',
    event: { key: '[', ctrlKey: true, altKey: true, getModifierState: () => false },
    expected: null
  },
  { name: 's with AltGr', event: { key: 's', altKey: true, getModifierState: () => true }, expected: null },
  { name: 'a target that is a document', event: { key: 'j', target: {} }, expected: { do: 'next' } }
]

for (const { name, event, expected } of others) {
  t.test(name, async (t) => {
    t.strictSame(commandOf({ ...still, ...event }, on), expected)
  })
}
