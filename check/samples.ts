import type { Config } from '../config.ts'
import type { Clock } from '../lib/clock.ts'
import { CLOCK_TOLERANCE_MS } from '../lib/fleet/clock-faults.ts'
import { AROUND_MS, DAYS, HOUR_MS, SLOT_MS } from '../lib/fleet/summary-store.ts'
import type { SampleSource } from '../lib/source/sample-source.ts'
import { duration, list } from '../lib/words.ts'
import { note, ok, problem, type Finding } from './finding.ts'
import { newestOf, survey, type Survey } from './survey.ts'

const DAY_MS = 24 * HOUR_MS
/** Clocks are wrong by some time zones, or by a year. */
const LOOK_AHEAD_MS = 400 * DAY_MS
/** A query that takes more of its deadline than this share leaves none for a bad day. */
const MOST_OF_DEADLINE = 0.5
/** A series that is slower than the others by more than this is worth a word. */
const SLOWER = 2

/**
 * What the samples come to that the source has now, and had when the detector will look; or why there are none.
 * @throws {SourceError}
 */
export async function lookAtSamples (source: SampleSource, config: Config, clock: Clock): Promise<Finding[]> {
  const result = await survey(source, config, clock)
  if (result.report.pops.states.length === 0) {
    const none = `there is no sample of the last ${duration(config.OVERVIEW_WINDOW_MS)}`
    return [problem('samples', await source.explain() ?? none)]
  }
  const newest = await newestOf(source, { start: clock.now() - HOUR_MS, stop: clock.now() + LOOK_AHEAD_MS })
  return [
    ...amountOf(result, config),
    freshnessOf(result, clock.now()),
    ...silenceOf(result, newest, clock.now()),
    ...wrongClocks(newest, clock.now()),
    ...placesOf(result),
    await baselinesOf(source, result, clock.now())
  ]
}

function amountOf (result: Survey, config: Config): Finding[] {
  const { report: { pops: { states } }, series, rows, ignored, spanMs, queryMs, intervalMs, slowestIntervalMs } = result
  const functions = result.functions.filter((name) => name !== '')
  const facts = { pops: states.length, series, functions, intervalMs, slowestIntervalMs, rows, ignored, spanMs, queryMs }
  const text = `${states.length} PoPs, ${functions.length} functions (${list(functions)}), ${series} series: ` +
    `${rows} samples of the last ${duration(spanMs)}, ${rhythmOf(result)}`
  const findings = [ok('samples', text, facts)]
  if (ignored > 0) findings.push(note('samples', `${ignored} of them are no finite numbers and are left out`))
  if (queryMs > MOST_OF_DEADLINE * config.QUERY_TIMEOUT_MS) {
    const text = `one query took ${Math.round(queryMs)} ms of the ${config.QUERY_TIMEOUT_MS} of QUERY_TIMEOUT_MS`
    findings.push(note('samples', text))
  }
  return findings
}

function rhythmOf ({ intervalMs, slowestIntervalMs }: Survey): string {
  if (intervalMs === null || slowestIntervalMs === null) return 'how often they are written cannot be told of one sample each'
  const slowest = slowestIntervalMs > SLOWER * intervalMs ? `, the slowest one every ${duration(slowestIntervalMs)}` : ''
  return `in each one every ${duration(intervalMs)}${slowest}`
}

function freshnessOf ({ report: { dataTime, oldInMs } }: Survey, now: number): Finding {
  const ageMs = now - (dataTime ?? now)
  const text = `the newest sample is ${ageMs < 0 ? `${duration(-ageMs)} ahead of this clock` : `${duration(ageMs)} old`}`
  const facts = { newestSample: new Date(dataTime ?? now).toISOString(), ageMs }
  return oldInMs <= 0
    ? problem('freshness', `${text}: nobody has written for 2.5 intervals, the feed would be stale`, facts)
    : ok('freshness', text, facts)
}

/** PoPs that are known of the last hour and do not report now. */
function silenceOf ({ report }: Survey, newest: ReadonlyMap<string, number>, now: number): Finding[] {
  const { states } = report.pops
  const reporting = new Set(states.filter(({ status }) => status === 'fresh').map(({ code }) => code))
  const silent = Array.from(new Set([...states.map(({ code }) => code), ...newest.keys()]))
    .filter((code) => !reporting.has(code) && (newest.get(code) ?? now) <= now + CLOCK_TOLERANCE_MS).sort()
  if (silent.length === 0) return []
  const text = `${silent.length} PoPs of the last hour do not report, and would be silent: ${list(silent)}`
  return [note('silent', text, { silent })]
}

function wrongClocks (newest: ReadonlyMap<string, number>, now: number): Finding[] {
  const ahead = Array.from(newest).filter(([, time]) => time > now + CLOCK_TOLERANCE_MS)
  if (ahead.length === 0) return []
  const named = ahead.map(([pop, time]) => `${pop} (${duration(time - now)})`)
  const aheadMs = Object.fromEntries(ahead.map(([pop, time]) => [pop, time - now]))
  return [note('clocks', `clocks are ahead, and their samples of the future are not used: ${list(named)}`, { aheadMs })]
}

function placesOf ({ report: { pops: { states: { length } } }, placed }: Survey): Finding[] {
  const { coordinates, country } = placed
  if (coordinates === length || coordinates === 0) return []
  const text = `${coordinates} of ${length} PoPs say where they stand on the map, ${country} in which country`
  return [note('places', text, placed)]
}

/** Of each PoP, on how many of the last days it has samples at this time, and whether of the hour before. */
async function baselinesOf (source: SampleSource, { report }: Survey, now: number): Promise<Finding> {
  const pops = report.pops.states.map(({ code }) => code)
  const days = new Map(pops.map((pop) => [pop, 0]))
  for (let day = 1; day <= DAYS; day++) {
    const time = now - day * DAY_MS
    const seen = await newestOf(source, { start: time - AROUND_MS, stop: time + AROUND_MS })
    for (const pop of seen.keys()) if (days.has(pop)) days.set(pop, (days.get(pop) ?? 0) + 1)
  }
  const hour = await newestOf(source, { start: now - HOUR_MS - SLOT_MS, stop: now - 2 * SLOT_MS })
  const withDays = pops.filter((pop) => days.get(pop) !== 0)
  const withHour = pops.filter((pop) => days.get(pop) === 0 && hour.has(pop))
  const without = pops.length - withDays.length - withHour.length
  const most = Math.max(...days.values())
  const parts = [
    ...withDays.length === 0 ? [] : [`${withDays.length} with this time of up to ${most} of the last ${DAYS} days`],
    ...withHour.length === 0 ? [] : [`${withHour.length} with the hour before`],
    ...without === 0 ? [] : [`${without} with nothing yet: their regressions cannot be told until some minutes are known`]
  ]
  const facts = { days: withDays.length, mostDays: most, hour: withHour.length, none: without }
  return (without === 0 ? ok : note)('baselines', `of ${pops.length} PoPs would be compared ${parts.join(', ')}`, facts)
}
