import type { Test } from 'tap'
import { faults, LEASE_MS, runFault } from './faults.ts'
import { INTERVAL_MS } from './fleet.ts'
import { noRedis } from './redis.ts'

/** Timers of a loaded machine are late: figures are for `npm run bench:cluster`, here they only may not be of another kind. */
const SLACK_MS = 20_000

/** Faults by name, each on a fleet of three processes with a real engine. */
export function faultSuite (t: Test, names: readonly string[]): void {
  for (const name of names) {
    const row = faults.find((fault) => fault.name === name)
    if (row === undefined) throw new Error(`there is no fault ${name}`)
    t.test(name, { skip: noRedis() ?? false }, async (t) => {
      const result = await runFault(t, row)
      const { expect } = row
      t.comment(JSON.stringify(result))
      t.strictSame(result.conflicts, [], 'nobody is told two contents of one position')
      t.strictSame(result.duplicates, [], 'nor one twice')
      t.strictSame(result.gaps, [], 'nor is anything missing where it says that nothing is')
      t.strictSame(result.alerts, [], 'no alert opens twice, none is left behind')
      t.equal(result.epochs, expect.epochs)
      if (expect.epochs === 1) t.equal(result.unrecovered, 0)
      t.strictSame(result.open, result.openBefore, 'what was open is, under the same id')
      const closest = Math.round(result.closestPollsMs)
      if (!expect.closerPolls) t.ok(closest >= 0.5 * INTERVAL_MS, `polls ${closest} ms apart`)
      t.ok(result.longestGapMs <= expect.longestGapMs + SLACK_MS, `an update after ${Math.round(result.longestGapMs)} ms`)
      const leaderMs = Math.round(result.leaderMs ?? 0)
      t.ok(leaderMs <= LEASE_MS + INTERVAL_MS + SLACK_MS, `led after ${leaderMs} ms`)
      if (expect.isTold !== undefined) t.equal(result.isTold, expect.isTold)
    })
  }
}
