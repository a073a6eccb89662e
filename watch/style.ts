import { styleText } from 'node:util'

/** What a piece of text is; how it looks is the style's business. State is in the words too, whatever the style. */
export type Role =
  | 'live' | 'late' | 'stale' | 'waiting' | 'stopped'
  | 'critical' | 'warning' | 'silent' | 'slow'
  | 'strong' | 'muted' | 'plain'
export type Style = (role: Role, text: string) => string

type Format = Parameters<typeof styleText>[0]

const formats: Record<Role, Format> = {
  live: ['bold', 'cyan'],
  late: ['bold', 'yellow'],
  stale: ['bold', 'inverse'],
  waiting: ['bold', 'inverse'],
  stopped: ['bold', 'inverse', 'magentaBright'],
  critical: ['bold', 'magentaBright'],
  warning: ['bold', 'yellow'],
  silent: 'dim',
  slow: 'yellow',
  strong: 'bold',
  muted: 'dim',
  plain: 'reset'
}

export const coloured: Style = (role, text) =>
  // Whether there are colours is decided by who chooses the style, not by what this process writes to.
  role === 'plain' || text.trim() === '' ? text : styleText(formats[role], text, { validateStream: false })

/** NO_COLOR, or a terminal without colours. */
export const plain: Style = (_, text) => text
