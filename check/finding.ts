/** What was looked at. */
export type Part =
  'settings' | 'source' | 'names' | 'samples' | 'freshness' | 'silent' | 'clocks' | 'places' | 'baselines' |
  'access' | 'cluster' | 'state' | 'alertmanager' | 'webhook' | 'traces'

/** One thing that was found out. `problem`: popcast would not do what it is for; `note`: it would, and this is good to know. */
export interface Finding {
  part: Part
  level: 'ok' | 'note' | 'problem'
  /** In a sentence, without any secret. */
  text: string
  /** The same for machines; units are in the names. */
  facts?: Readonly<Record<string, unknown>>
}

const found = (level: Finding['level']) => (part: Part, text: string, facts?: Finding['facts']): Finding =>
  ({ level, part, text, ...(facts !== undefined && { facts }) })
export const ok = found('ok')
export const note = found('note')
export const problem = found('problem')
