import type { Point, Pop } from '../../lib/fleet/point.ts'
import { SLOT_MS, type SummaryStore } from '../../lib/fleet/summary-store.ts'

export const TICK_MS = 10_000
const NORMAL_QUARTILE = 0.6745

/** As many points as a slot has at one per 10 s, with this median, and this distance to the quartiles. */
export function spread (center: number, deviation: number, time = 0, count = 30): Point[] {
  return Array.from({ length: count }, (_, index) => {
    const share = (index + 0.5) / count
    const value = center + (share < 0.4 ? -1 : share > 0.6 ? 1 : 0) * NORMAL_QUARTILE * deviation
    return { time: time + index * TICK_MS, value, samples: 5 }
  })
}

/** Fills the slots of a stretch of the past. */
export function fill (
  store: SummaryStore,
  pop: string,
  from: number,
  until: number,
  center: number,
  deviation = center / 10
): void {
  for (let start = Math.floor(from / SLOT_MS) * SLOT_MS; start < until; start += SLOT_MS) {
    store.take(pop, start, spread(center, deviation, start))
  }
}

/** One PoP that has had these values, oldest first, one per tick up to `time`; every other field has a value. */
export function popOf (values: readonly number[], time: number, fields: Partial<Pop> = {}): Pop {
  const { intervalMs = TICK_MS } = fields
  return {
    code: 'fra1',
    coldStartMs: values.at(-1) ?? 0,
    sampleTime: time,
    functions: 5,
    isSilent: false,
    ...fields,
    intervalMs,
    points: values
      .map((value, index) => ({ time: time - (values.length - 1 - index) * intervalMs, value, samples: 5 }))
      .slice(-16)
  }
}
