/**
 * What a tick costs popcast itself: npm run bench:fleet [-- --pops 2000]
 * Five functions per PoP with a sample each 10 s, and a window of 10 min: CPU of taking what a tick reads (with its overlap), of
 * the update that follows, and the memory of the window.
 */
import { parseArgs } from 'node:util'
import type { Clock } from '../lib/clock.ts'
import { RegressionDetector } from '../lib/fleet/regression-detector.ts'
import { SampleFleet } from '../lib/fleet/sample-fleet.ts'
import { SampleWindow } from '../lib/fleet/sample-window.ts'
import { SLOT_MS, SummaryStore } from '../lib/fleet/summary-store.ts'
import { NOWHERE } from '../lib/source/sample-source.ts'

const { values } = parseArgs({ options: { pops: { type: 'string', default: '2000' }, ticks: { type: 'string', default: '60' } } })
const POPS = Number(values.pops)
const TICKS = Number(values.ticks)
const INTERVAL_MS = 10_000
const START = Date.UTC(2026, 0, 15)
const FUNCTIONS = 5
const MIB = 1024 * 1024

const keys = Array.from({ length: POPS * FUNCTIONS }, (_, index) =>
  ({ id: `series ${index}`, pop: `p${index % POPS}`, functionName: `f${Math.floor(index / POPS)}` }))
let now = START
const clock: Clock = { now: () => now, monotonic: () => now, schedule: () => () => {}, turn: async () => {} }
const log = { debug () {}, info () {}, warn () {}, error () {} }

const before = used()
const window = new SampleWindow({ spanMs: 600_000, maxRows: 10_000_000, maxBytes: 1_000_000_000 })
const store = new SummaryStore()
const detector = new RegressionDetector({ store, newNormalAfterMs: 86_400_000, minDeviationMs: 0.5 })
const fleet = new SampleFleet({ window, detector, clock, log, healthyBelowMs: 10, pollMs: INTERVAL_MS })
for (let step = 0; step < 60; step++) read(START - step * INTERVAL_MS)
console.log(`${window.rows} samples: ${((used() - before) / MIB).toFixed(0)} MiB of heap and buffers, ` +
  `${(window.bytes / MIB).toFixed(0)} MiB by the window's own account`)

for (let pop = 0; pop < POPS; pop++) {
  for (let slot = -2; slot < 2; slot++) {
    const time = START - 86_400_000 + slot * SLOT_MS
    store.take(`p${pop}`, time, Array.from({ length: 30 }, (_, index) => ({ time, value: 5 + index % 3 * 0.2, samples: 5 })))
  }
}
const took = { read: [] as number[], update: [] as number[] }
for (let tick = 0; tick < TICKS; tick++) {
  now += INTERVAL_MS
  const start = performance.now()
  for (let overlap = 2; overlap >= 0; overlap--) read(now - overlap * INTERVAL_MS)
  const middle = performance.now()
  fleet.readingEnds()
  fleet.update()
  took.read.push(middle - start)
  took.update.push(performance.now() - middle)
}
for (const [name, all] of Object.entries(took)) {
  const sorted = all.slice(TICKS / 4).sort((a, b) => a - b)
  const at = (share: number) => (sorted[Math.floor(share * sorted.length)] ?? NaN).toFixed(1)
  console.log(`${name}: median ${at(0.5)} ms, p95 ${at(0.95)} ms per tick`)
}

function read (time: number): void {
  for (const [index, key] of keys.entries()) fleet.take(key, NOWHERE, time, 5 + (index + time / INTERVAL_MS) % 7 / 10)
}

function used (): number {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
