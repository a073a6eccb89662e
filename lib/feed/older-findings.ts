import { PlainPops, type PopDetail, type PopState } from '../fleet/pop-state.ts'
import { timestamp } from '../protocol/timestamp.ts'
import { LazyMap } from './lazy-map.ts'
import {
  COMPARISON_FIELDS, isTime, POP_FIELDS, unpackComparison, type FlatComparison, type PackedPop, type Unpacked
} from './packed-findings.ts'

/** Formats 1 and 2 say everything PoP by PoP. Of a PoP its fields, format 1 with the time of its sample as ISO 8601. */
export type OlderPops = ReadonlyArray<readonly unknown[]>

/** Of what is asked for of single PoPs format 1 says the names too. */
type OlderDetail =
  | readonly [code: string, detail: PopDetail]
  | readonly [code: string, intervalMs: number, functions: number, comparison: readonly unknown[] | null]

/** @param rest a line of what is asked for of single PoPs @throws when they are no PoPs */
export function unpackOlder (pops: OlderPops, rest: string): Unpacked {
  return {
    pops: new PlainPops(pops.map(olderPop)),
    details: new LazyMap(() => new Map((JSON.parse(rest) as OlderDetail[]).map(olderDetail)))
  }
}

function olderPop (values: readonly unknown[]): PopState {
  if (!Array.isArray(values) || values.length !== POP_FIELDS.length) throw new TypeError('no PoP')
  const pop = named<Omit<PackedPop, 'sampleTime'> & { sampleTime: number | string }>(POP_FIELDS, values)
  const time = typeof pop.sampleTime === 'string' ? Date.parse(pop.sampleTime) : pop.sampleTime
  if (!isTime(time)) throw new TypeError('no PoP')
  return { ...pop, sampleTime: timestamp(time) }
}

function olderDetail (detail: OlderDetail): [string, PopDetail] {
  if (detail.length === 2) return [...detail]
  const [code, intervalMs, functions, values] = detail
  const comparison = values === null ? null : unpackComparison(named<FlatComparison>(COMPARISON_FIELDS, values))
  return [code, { intervalMs, functions, comparison }]
}

function named<Fields> (names: ReadonlyArray<keyof Fields & string>, values: readonly unknown[]): Fields {
  return Object.fromEntries(names.map((name, index) => [name, values[index]])) as Fields
}
