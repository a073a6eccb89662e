import type { Family, Sample } from './exposition.ts'

/**
 * The metrics of several processes as those of one. Counters and histograms are summed, gauges as they say; those that say
 * nothing are the same in all of them, and stand as the first has them.
 */
export function sumFamilies (own: readonly Family[], others: ReadonlyArray<readonly Family[]>): Family[] {
  const byName = new Map(own.map((family) => [family.name, family]))
  for (const { name, ...family } of others.flat()) {
    const before = byName.get(name)
    byName.set(name, before === undefined ? { name, ...family } : { ...before, samples: combine(before, family.samples) })
  }
  return Array.from(byName.values())
}

/** What others need of one's own metrics. */
export function summed (families: readonly Family[]): Family[] {
  return families.filter(({ type, over }) => type !== 'gauge' || over !== undefined)
}

/** What remains of one that has ended: nothing is any more, but what was counted has been. */
export function counted (families: readonly Family[]): Family[] {
  return families.filter(({ type }) => type !== 'gauge')
}

const COMBINE = {
  sum: (a: number, b: number) => a + b,
  max: Math.max,
  min: Math.min
}

function combine ({ type, over, samples }: Family, others: readonly Sample[]): Sample[] {
  if (type === 'gauge' && over === undefined) return [...samples]
  const combined = COMBINE[over ?? 'sum']
  const byLabels = new Map(samples.map((sample) => [keyOf(sample), sample]))
  for (const sample of others) {
    const key = keyOf(sample)
    const before = byLabels.get(key)
    byLabels.set(key, before === undefined ? sample : { ...before, value: combined(before.value, sample.value) })
  }
  return Array.from(byLabels.values())
}

function keyOf ({ suffix = '', labels = {} }: Sample): string {
  return JSON.stringify([suffix, Object.entries(labels)])
}
