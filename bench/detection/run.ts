import { Replay } from '../../detect/replay.ts'
import { quantile, sorted } from '../../lib/fleet/statistics.ts'
import type { Regression } from '../../lib/fleet/regression-detector.ts'
import { SimulatedFleet, type Incident } from '../../lib/simulation/fleet.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, START, type Scenario } from './scenarios.ts'

const POPS = 10
/** An alert that opens so long after an incident is still about it: its values are among the last. */
const GRACE_MS = 2 * MINUTE_MS

export interface Score {
  incidents: number
  found: number
  alerts: number
  false: number
  /** Ticks; the first sample of an incident is 1. */
  delays: number[]
  popDays: number
}

export const NOTHING: Score = { incidents: 0, found: 0, alerts: 0, false: 0, delays: [], popDays: 0 }

export function add (a: Score, b: Score): Score {
  return {
    incidents: a.incidents + b.incidents,
    found: a.found + b.found,
    alerts: a.alerts + b.alerts,
    false: a.false + b.false,
    delays: [...a.delays, ...b.delays],
    popDays: a.popDays + b.popDays
  }
}

export function delayAt (share: number, { delays }: Pick<Score, 'delays'>): number {
  return quantile(sorted(delays), share)
}

/** Runs the service's fleet and detector over one scenario, and compares what they told with the labels. */
export function run (scenario: Scenario, seed: number): Score {
  const { hours, daysBefore, functions = 5, pops = POPS, intervalMs = 10_000, lasting } = scenario
  const codes = new SimulatedFleet({ pops, seed, randomIncidents: false }).pops.map(({ code }) => code)
  const end = START + hours * HOUR_MS
  const labels = (scenario.incidents?.(codes) ?? []).filter(({ stop }) => stop < end || lasting !== undefined)
  const fleet = new SimulatedFleet({
    pops,
    seed,
    randomIncidents: false,
    incidents: [...labels, ...(scenario.past?.(codes) ?? [])]
  })
  const replay = new Replay({
    overviewWindowMs: 10 * MINUTE_MS,
    healthyBelowMs: 10,
    minDeviationMs: 0.5,
    newNormalAfterMs: DAY_MS,
    pollMs: intervalMs,
    sampleMs: intervalMs
  })
  const opened: Regression[] = []
  const from = daysBefore === 0 ? START - 65 * MINUTE_MS : START - daysBefore * DAY_MS - 10 * MINUTE_MS
  for (let time = Math.ceil(from / intervalMs) * intervalMs; time < end; time += intervalMs) {
    // Of days that are only compared with nothing is needed at other times.
    if (!isNeeded(time, scenario)) continue
    for (const [pop, code] of codes.entries()) {
      for (const [functionIndex, functionName] of fleet.functions.slice(0, functions).entries()) {
        const measured = fleet.coldStartMs(pop, functionIndex, time)
        const value = scenario.distort === undefined ? measured : scenario.distort(measured, { pop, functionIndex, time })
        if (value !== null) replay.take({ time, pop: code, functionName, value })
      }
    }
    if (time < START) replay.remember(time)
    else for (const { state, regression } of replay.tick(time).events) if (state === 'opened') opened.push(regression)
  }
  return score(opened, labels, { ...scenario, pops, intervalMs })
}

function isNeeded (time: number, { hours, daysBefore, past }: Scenario): boolean {
  if (time > START - 70 * MINUTE_MS || daysBefore === 0 || hours >= 20 || past !== undefined) return true
  const ofDay = (((time - START) % DAY_MS) + DAY_MS) % DAY_MS
  return ofDay < hours * HOUR_MS + 10 * MINUTE_MS || ofDay > DAY_MS - 20 * MINUTE_MS
}

function score (
  opened: readonly Regression[],
  labels: readonly Incident[],
  { hours, pops, intervalMs, lasting }: Scenario & { pops: number, intervalMs: number }
): Score {
  const about = ({ pop, openedAt }: Regression) =>
    labels.find((label) => label.pop === pop && openedAt >= label.start && openedAt < label.stop + GRACE_MS)
  const first = new Map<Incident, number>()
  let again = 0
  for (const regression of opened) {
    const incident = about(regression)
    if (incident === undefined || regression.openedAt >= incident.stop) continue
    if (!first.has(incident)) first.set(incident, regression.openedAt)
    else if (lasting !== undefined) again++
  }
  return {
    incidents: labels.length,
    found: first.size,
    alerts: opened.length,
    false: opened.filter((regression) => about(regression) === undefined).length + again,
    delays: Array.from(first, ([{ start }, openedAt]) => Math.floor((openedAt - start) / intervalMs) + 1),
    popDays: pops * hours / 24
  }
}
