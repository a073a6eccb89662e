import type { Pop } from './types.ts'

/** Of a PoP that is known only what is new; its sample is `lagMs` older than the update's newest, unless it says when it was. */
type Entry = Partial<Pop> & { readonly code: string, readonly lagMs?: number }
export interface PopsData {
  readonly pops?: readonly Entry[]
  readonly changed?: readonly Entry[]
  readonly removed?: readonly string[]
}

export interface Applied {
  /** The same object when nothing has changed. */
  readonly pops: ReadonlyMap<string, Pop>
  readonly changed: readonly Pop[]
  readonly removed: readonly string[]
}

/** @param dataTime of the update @throws when it is of PoPs that are not known */
export function appliedTo (before: ReadonlyMap<string, Pop>, data: PopsData, dataTime: string | null): Applied {
  const { pops, changed: entries = pops!, removed: gone = [] } = data
  const next = new Map(pops ? [] : before)
  const changed = []
  for (const { lagMs = 0, ...fields } of entries) {
    const known = before.get(fields.code)
    // There are thousands: nothing is made of what says nothing new. Each field is a plain value.
    if (dataTime) fields.sampleTime ??= new Date(Date.parse(dataTime) - lagMs).toISOString()
    const isKnown = Object.keys(fields).every((name) => known?.[name as keyof Pop] === fields[name as keyof Pop])
    const pop = isKnown ? known! : { ...known, ...fields } as Pop
    if (typeof pop.coldStartMs !== 'number') throw new TypeError('no PoP')
    next.set(pop.code, pop)
    if (!isKnown) changed.push(pop)
  }
  const removed = pops ? [...before.keys()].filter((code) => !next.has(code)) : gone.filter((code) => next.delete(code))
  return { pops: changed.length + removed.length > 0 ? next : before, changed, removed }
}

/** The object that there was, if the new one says the same: who compares by identity sees that nothing has changed. */
export function kept<T> (old: T | null | undefined, now: T): T {
  return JSON.stringify(old) === JSON.stringify(now) ? old! : now
}
