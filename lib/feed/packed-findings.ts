import type { PopDetail, PopsForm, PopState, TakeReading } from '../fleet/pop-state.ts'
import type { Comparison } from '../fleet/regression-detector.ts'
import { precise, round } from '../fleet/rounding.ts'
import { timestamp } from '../protocol/timestamp.ts'
import { LazyMap } from './lazy-map.ts'

/**
 * Of each field the values of all: a few long lists take less time to read than thousands of short ones, and leave less to clean
 * up.
 */
type Columns<Fields> = { readonly [Field in keyof Fields]: ReadonlyArray<Fields[Field]> }

function columnsOf<Row, Field extends keyof Row> (names: readonly Field[], rows: readonly Row[]): Columns<Pick<Row, Field>> {
  const columns: Partial<{ [Name in Field]: Array<Row[Name]> }> = {}
  for (const name of names) columns[name] = rows.map((row) => row[name])
  return columns as Columns<Pick<Row, Field>>
}

function rowAt<Fields> (names: ReadonlyArray<keyof Fields>, columns: Columns<Fields>, index: number): Fields {
  const row: Partial<Fields> = {}
  for (const name of names) row[name] = columns[name][index]
  return row as Fields
}

/** What is told of a PoP, with the time of its sample in ms since the epoch. */
export type PackedPop = Omit<PopState, 'sampleTime'> & { sampleTime: number }
/** ECMA-262, 21.4.1.1. */
export const MAX_TIME = 8.64e15

type Reading = Pick<PackedPop, 'code' | 'coldStartMs' | 'status' | 'sampleTime'>

export const POP_FIELDS = [
  'code', 'city', 'country', 'tier', 'latitude', 'longitude', 'coldStartMs', 'healthy', 'status',
  'regression', 'sampleTime', 'baselineMs', 'baselineLowMs', 'baselineHighMs'
] as const satisfies ReadonlyArray<keyof PackedPop>
const READING_FIELDS = ['code', 'coldStartMs', 'status', 'sampleTime'] as const satisfies ReadonlyArray<keyof Reading>
type Others = Pick<PackedPop, OtherField>
type OtherField = Exclude<keyof PackedPop, keyof Reading>
const OTHER_FIELDS = POP_FIELDS.filter((name): name is OtherField => !(READING_FIELDS as readonly string[]).includes(name))

/** In lines: what every instance reads of PoPs at each tick, what else is told of them, what is asked for of single ones. */
export function pack (pops: readonly PopState[], details: ReadonlyMap<string, PopDetail>): string[] {
  const readings: Columns<Reading> = {
    code: pops.map(({ code }) => code),
    coldStartMs: pops.map(({ coldStartMs }) => coldStartMs),
    status: pops.map(({ status }) => status),
    sampleTime: pops.map(({ sampleTime }) => Date.parse(sampleTime))
  }
  return [readings, columnsOf(OTHER_FIELDS, pops), packDetails(details)].map((columns) => JSON.stringify(columns))
}

export interface Unpacked {
  pops: PopsForm
  details: ReadonlyMap<string, PopDetail>
}

/** Reads what was packed: the first line now, and not again where it says what it said last, the others when somebody asks. */
export class Unpacking {
  #last: { line: string, readings: Columns<Reading> } | null = null

  /** @throws when it is none */
  unpack (lines: readonly string[]): Unpacked {
    const [line, others, details] = lines
    if (line === undefined || others === undefined || details === undefined) throw new TypeError('no PoPs')
    if (line !== this.#last?.line) this.#last = { line, readings: readingsOf(line) }
    return {
      pops: new PackedPops(this.#last.readings, () => JSON.parse(others) as Columns<Others>),
      details: new LazyMap(() => detailsOf(JSON.parse(details) as Columns<PackedDetail>))
    }
  }
}

function readingsOf (line: string): Columns<Reading> {
  const readings = JSON.parse(line) as Columns<Reading>
  const { length } = readings.code
  const isWhole = READING_FIELDS.every((name) => Array.isArray(readings[name]) && readings[name].length === length)
  if (!isWhole || !readings.sampleTime.every(isTime)) throw new TypeError('no PoPs')
  return readings
}

/** One that a date can be of. */
export function isTime (time: unknown): time is number {
  return typeof time === 'number' && Math.abs(time) <= MAX_TIME
}

class PackedPops implements PopsForm {
  readonly #readings: Columns<Reading>
  readonly #others: () => Columns<Others>
  #states: readonly PopState[] | null = null

  constructor (readings: Columns<Reading>, others: () => Columns<Others>) {
    this.#readings = readings
    this.#others = others
  }

  get states (): readonly PopState[] {
    this.#states ??= this.#taken()
    return this.#states
  }

  eachReading (take: TakeReading): void {
    const { code: codes, status, sampleTime, coldStartMs } = this.#readings
    for (const [index, code] of codes.entries()) {
      if (status[index] === 'fresh') take(code, sampleTime[index] as number, coldStartMs[index] as number)
    }
  }

  #taken (): PopState[] {
    const columns = { ...this.#others(), ...this.#readings }
    return columns.code.map((_, index) => {
      const pop = rowAt(POP_FIELDS, columns, index)
      return { ...pop, sampleTime: timestamp(pop.sampleTime) }
    })
  }
}

/** Flat; without a comparison its fields are null. */
type PackedDetail = Pick<PopDetail, 'intervalMs' | 'functions'> & { code: string } & PackedComparison
type PackedComparison = { [Field in keyof FlatComparison]: FlatComparison[Field] | null }
export type FlatComparison = Omit<Comparison, 'samples'> & Comparison['samples']

export const COMPARISON_FIELDS = [
  'recentMs', 'baselineMs', 'baselineKind', 'baselineDays', 'deviationMs', 'increase', 'zScore', 'recent', 'baseline'
] as const satisfies ReadonlyArray<keyof FlatComparison>
const DETAIL_FIELDS = ['code', 'intervalMs', 'functions', ...COMPARISON_FIELDS] as const

function packDetails (details: ReadonlyMap<string, PopDetail>): Columns<PackedDetail> {
  const known = Array.from(details.values())
  const compared = <Value>(valueOf: (comparison: Comparison) => Value) =>
    known.map(({ comparison }) => comparison === null ? null : valueOf(comparison))
  return {
    code: Array.from(details.keys()),
    intervalMs: known.map(({ intervalMs }) => intervalMs),
    functions: known.map(({ functions }) => functions),
    // No more digits than are told: they would be most of what is read.
    recentMs: compared(({ recentMs }) => precise(recentMs)),
    baselineMs: compared(({ baselineMs }) => precise(baselineMs)),
    baselineKind: compared(({ baselineKind }) => baselineKind),
    baselineDays: compared(({ baselineDays }) => baselineDays),
    deviationMs: compared(({ deviationMs }) => precise(deviationMs)),
    increase: compared(({ increase }) => round(increase * 100, 1) / 100),
    zScore: compared(({ zScore }) => round(zScore, 2)),
    recent: compared(({ samples }) => samples.recent),
    baseline: compared(({ samples }) => samples.baseline)
  }
}

function detailsOf (columns: Columns<PackedDetail>): Map<string, PopDetail> {
  return new Map(columns.code.map((_, index) => unpackDetail(rowAt(DETAIL_FIELDS, columns, index))))
}

function unpackDetail ({ code, intervalMs, functions, ...packed }: PackedDetail): [string, PopDetail] {
  const comparison = packed.recentMs === null ? null : unpackComparison(packed as FlatComparison)
  return [code, { intervalMs, functions, comparison }]
}

export function unpackComparison ({ recent, baseline, ...comparison }: FlatComparison): Comparison {
  return { ...comparison, samples: { recent, baseline } }
}
