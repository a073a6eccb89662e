/**
 * What a tick costs the database, as it is and as it was while the database aggregated: npm run bench:database
 *   npm run bench:database -- --pops 20,200,2000 --reads 10
 * Needs an InfluxDB 1.8 (TEST_INFLUXD_FLUX), or for InfluxQL alone a 1.6 (the package influxdb, or TEST_INFLUXD_INFLUXQL); a
 * sample per 10 s of five functions per PoP over 12 minutes is written to it. CPU is that of the database's process.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { aggregated } from './database-before.ts'
import { sampleSourceOf } from './database-source.ts'
import { findFlux, findInfluxql, startV1, writeLines, type Engine } from '../test/support/influxd.ts'

const { values } = parseArgs({
  options: { pops: { type: 'string', default: '20,200,2000' }, reads: { type: 'string', default: '10' } }
})
const READS = Number(values.reads)
const FUNCTIONS = ['auth', 'images', 'rewrite', 'search', 'render']
const INTERVAL_MS = 10_000
const WRITTEN_MS = 12 * 60_000
/** What a tick reads: its interval, and two that overlap. */
const TICK_MS = 3 * INTERVAL_MS
const LINES_PER_WRITE = 10_000
/** Of /proc: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const MS_PER_CLOCK_TICK = 10
/** Goals at 2,000 PoPs, ms of the database's CPU per tick. */
const GOALS = { influxql: 180, flux: 480 } as const

type Language = keyof typeof GOALS

const flux = findFlux()
const influxql = findInfluxql()
for (const pops of values.pops.split(',').map(Number)) {
  for (const language of ['influxql', 'flux'] as const) {
    const binary = language === 'flux' ? flux : flux ?? influxql
    if (binary === null) console.log(`${language}: no InfluxDB that speaks it`)
    else await measure(binary, language, pops)
  }
}

async function measure (binary: string, language: Language, pops: number): Promise<void> {
  const engine = await startV1(binary, language)
  try {
    const now = Date.now()
    await fill(engine, pops, now)
    const source = sampleSourceOf(engine)
    const before = await costOf(engine, () => aggregated(engine, language, now))
    let counts = { rows: 0, bytes: 0 }
    const after = await costOf(engine, async () => {
      counts = await source.read({ start: now - TICK_MS, stop: now + WRITTEN_MS }, () => {})
    })
    const minute = await costOf(engine, async () => { await source.read({ start: now - 2 * 60_000, stop: now }, () => {}) })
    await source.close()
    row([language, String(pops)], before, after, minute, counts)
    if (pops === 2_000) console.log(`  goal: ${GOALS[language]} ms: ${after.cpuMs <= GOALS[language] ? 'reached' : 'MISSED'}`)
  } finally {
    await engine.stop()
  }
}

interface Cost {
  cpuMs: number
  wallMs: number
}

function row (name: string[], before: Cost, after: Cost, slice: Cost, { rows, bytes }: { rows: number, bytes: number }): void {
  const ms = ({ cpuMs, wallMs }: Cost) => `${cpuMs.toFixed(0)} ms CPU, ${wallMs.toFixed(0)} ms`
  console.log(`${name.join(' ')} PoPs: before ${ms(before)}; now ${ms(after)} (${rows} rows, ${Math.round(bytes / 1024)} KiB); ` +
    `${(after.cpuMs / before.cpuMs).toFixed(2)} x; a slice of 2 min ${ms(slice)}`)
}

async function fill (engine: Engine, pops: number, now: number): Promise<void> {
  let lines: string[] = []
  for (let time = now - WRITTEN_MS; time < now; time += INTERVAL_MS) {
    for (let pop = 0; pop < pops; pop++) {
      for (const name of FUNCTIONS) {
        const value = 5 + Math.sin(pop + time / INTERVAL_MS)
        lines.push(
          `cold_start_metrics,pop_code=p${pop},function_name=${name},city=City${pop},country=C${pop % 50},tier=${pop % 3} ` +
            `cold_start_time_ms=${value},latitude=${pop % 90},longitude=${pop % 180} ${time}`
        )
      }
    }
    while (lines.length >= LINES_PER_WRITE) await writeLines(engine, lines.splice(0, LINES_PER_WRITE))
  }
  if (lines.length > 0) await writeLines(engine, lines)
  lines = []
}

async function costOf (engine: Engine, query: () => Promise<void>): Promise<Cost> {
  await query()
  const cpu = cpuOf(engine)
  const startedAt = performance.now()
  for (let read = 0; read < READS; read++) await query()
  return { cpuMs: (cpuOf(engine) - cpu) / READS, wallMs: (performance.now() - startedAt) / READS }
}

/** ms that the database's process has worked. */
function cpuOf ({ process: database }: Engine): number {
  const stat = readFileSync(`/proc/${database?.pid}/stat`, 'utf8')
  const [user = 0, system = 0] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13).map(Number)
  return (user + system) * MS_PER_CLOCK_TICK
}
