/**
 * How well regressions are detected: npm run bench:detection [-- --seeds 20] [--only weekdays] [--table]
 * The service's own fleet and detector over simulated samples with labelled incidents. Exits 1 when a goal is missed. With
 * --table: which incidents are found after how long, as in docs/detection.md.
 */
import { parseArgs } from 'node:util'
import { add, delayAt, NOTHING, run, type Score } from './run.ts'
import { scenarios, sizes, type Scenario } from './scenarios.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '4' },
    only: { type: 'string', default: '' },
    table: { type: 'boolean', default: false }
  }
})
const SEEDS = Number(values.seeds)
/** Recall of x2 and more for 5 min and more; ticks; false alarms in a PoP-day, in every scenario. */
const GOALS = { recall: 0.99, delay: 3, delayOfOneFunction: 9, falseAlarms: 0.01 }

if (values.table) table()
else compare()

function scoreOf (scenario: Scenario): Score {
  let total = NOTHING
  for (let seed = 1; seed <= SEEDS; seed++) total = add(total, run(scenario, seed))
  return total
}

function compare (): void {
  console.log(
    `${SEEDS} seeds; goals: recall >= ${GOALS.recall} of x2 and more for 5 min and more, median delay <= ${GOALS.delay} ticks ` +
      `(${GOALS.delayOfOneFunction} with one function), in every scenario <= 1 false alarm in 100 PoP-days`
  )
  console.log(`${'scenario'.padEnd(54)} recall  delay p50/p95    false alarms (PoP-days)`)
  for (const scenario of scenarios.filter(({ name }) => name.includes(values.only))) {
    const score = scoreOf(scenario)
    const missed = missedOf(scenario, score)
    console.log(`${scenario.name.padEnd(54)} ${recallOf(score).padEnd(7)} ${delayOf(score).padEnd(16)} ` +
      `${score.false} (${score.popDays.toFixed(0)})${missed.length > 0 ? `  MISSED: ${missed.join(', ')}` : ''}`)
    if (missed.length > 0) process.exitCode = 1
  }
}

function missedOf ({ functions = 5, lasting, unpromised }: Scenario, score: Score): string[] {
  const delay = functions === 1 ? GOALS.delayOfOneFunction : GOALS.delay
  const isPromised = score.incidents > 0 && unpromised === undefined
  return [
    ...(isPromised && score.found / score.incidents < GOALS.recall ? ['recall'] : []),
    ...(isPromised && lasting === undefined && delayAt(0.5, score) > delay ? ['delay'] : []),
    ...(score.false / score.popDays > GOALS.falseAlarms && score.false > 0 ? ['false alarms'] : [])
  ]
}

/** As Markdown. */
function table (): void {
  console.log('| size | duration | 1 function | 2 functions | 5 functions |\n|---|---|---|---|---|')
  for (let row = 0; row < sizes.length; row += 3) {
    const cells = sizes.slice(row, row + 3).map((scenario) => {
      const score = scoreOf(scenario)
      return score.found === 0 ? '-' : `${Math.round(100 * score.found / score.incidents)} %, ${delayAt(0.5, score) * 10} s`
    })
    const [size = '', minutes = ''] = sizes[row]?.name.split(' ') ?? []
    console.log(`| ${size} | ${Number(minutes) < 1 ? '50 s' : `${minutes} min`} | ${cells.join(' | ')} |`)
  }
}

function recallOf ({ incidents, found }: Score): string {
  return incidents === 0 ? '-' : (found / incidents).toFixed(3)
}

function delayOf (score: Score): string {
  return score.delays.length === 0 ? '-' : `${delayAt(0.5, score)} / ${delayAt(0.95, score)} ticks`
}
