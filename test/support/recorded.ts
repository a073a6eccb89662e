import { timeRanges, type FunctionReading, type Place, type WindowStatistics } from '../../lib/source/source.ts'

/** When the answers in `test/fixtures/` were asked for. */
export const RANGES = timeRanges(Date.parse('2026-11-20T12:00:00.000Z'), 600_000)
export const SCHEMA = {
  bucket: 'pops',
  measurement: 'cold_start_metrics',
  field: 'cold_start_time_ms',
  popTag: 'pop_code',
  functionTag: 'function_name'
}

const at = (time: string) => Date.parse(`2026-11-20T${time}Z`)

/**
 * The readings in every engine's words: a PoP whose name needs quotes, a point without a PoP, two PoPs with two
 * functions each, and one that was silent in the recent window.
 */
export const READINGS: FunctionReading[] = [
  { pop: 'we"ird, 1', functionName: 'a\\b', value: 2.5, time: at('11:59:30'), recentCount: 1, recentMean: 2.5 },
  { pop: '', functionName: 'auth', value: 99, time: at('11:59:40'), recentCount: 1, recentMean: 99 },
  { pop: 'ams1', functionName: 'auth', value: 6.5, time: at('11:59:50'), recentCount: 6, recentMean: 6 },
  { pop: 'fra1', functionName: 'auth', value: 5.5, time: at('11:59:50'), recentCount: 6, recentMean: 5 },
  { pop: 'los1', functionName: 'auth', value: 9.25, time: at('11:55:00'), recentCount: 0, recentMean: NaN },
  { pop: 'ams1', functionName: 'images', value: 8.5, time: at('11:59:50'), recentCount: 6, recentMean: 8 },
  { pop: 'fra1', functionName: 'images', value: 7.5, time: at('11:59:50'), recentCount: 6, recentMean: 7 }
]

/** The baseline of the hour before: half of the samples are 1 ms above the others. */
export const BASELINE = new Map<string, WindowStatistics>([
  ['ams1', { count: 12, center: 5.5, deviation: 0.5 / 0.6745 }],
  ['fra1', { count: 12, center: 4.5, deviation: 0.5 / 0.6745 }],
  ['los1', { count: 1, center: 9.25, deviation: 0 }]
])

const nowhere: Place = { city: null, country: null, tier: null, latitude: null, longitude: null }

/** A PoP whose samples say all, one whose samples say its country alone, and one whose samples say nothing. */
export const PLACES = new Map<string, Place>([
  ['fra1', { city: 'Frankfurt am Main', country: 'DE', tier: '1', latitude: 50.11, longitude: 8.68 }],
  ['half', { ...nowhere, country: 'NL' }],
  ['none', nowhere]
])
