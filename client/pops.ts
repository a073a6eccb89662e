import { kept } from './identity.ts'
import type { Pop } from './types.ts'

/** Of a PoP that is known only what is new; its sample is `lagMs` older than the update's newest, unless it says when it was. */
type Entry = Partial<Pop> & { readonly code: string, readonly lagMs?: number }
export type PopsData =
  | { readonly pops: readonly Pop[] }
  | { readonly changed: readonly Entry[], readonly removed: readonly string[] }

export interface Applied {
  /** The same object when nothing has changed. */
  readonly pops: ReadonlyMap<string, Pop>
  readonly changed: readonly Pop[]
  readonly removed: readonly string[]
}

/** @param dataTime of the update @returns null when it is of PoPs that are not known */
export function appliedTo (pops: ReadonlyMap<string, Pop>, data: PopsData, dataTime: string | null): Applied | null {
  const whole = 'pops' in data
  const entries: readonly Entry[] = whole ? data.pops : data.changed
  const next = new Map(whole ? [] : pops)
  const changed: Pop[] = []
  for (const entry of entries) {
    const known = pops.get(entry.code)
    if (known === undefined && entry.coldStartMs === undefined) return null
    const pop = kept(known, whole ? entry as Pop : completed(known, entry, dataTime))
    next.set(pop.code, pop)
    if (pop !== known) changed.push(pop)
  }
  const removed = whole ? [...pops.keys()].filter((code) => !next.has(code)) : data.removed.filter((code) => next.delete(code))
  return { pops: changed.length + removed.length > 0 ? next : pops, changed, removed }
}

function completed (known: Pop | undefined, { lagMs = 0, ...fields }: Entry, dataTime: string | null): Pop {
  const sampleTime = dataTime === null ? {} : { sampleTime: new Date(Date.parse(dataTime) - lagMs).toISOString() }
  return { ...known, ...sampleTime, ...fields } as Pop
}
