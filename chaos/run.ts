import { Context, type RunOptions } from './context.ts'
import type { Fault, Finding } from './fault.ts'
import { expectWithin } from './waiting.ts'

export interface Row extends Finding {
  name: string
  seconds: number
  /** It could not be tried here, and why. */
  skipped?: string
}

/** Light ones have their turn side by side: most of their time they wait. */
const AT_A_TIME = 8
const WITHIN_MS = 90_000

/** Tries all, those that need the machine for themselves last, one after the other. */
export async function runAll (faults: readonly Fault[], options: RunOptions, show: (row: Row) => void): Promise<Row[]> {
  const rows = new Map<Fault, Row>()
  const run = async (fault: Fault) => {
    const row = await runOne(fault, options)
    rows.set(fault, row)
    show(row)
  }
  // The longest first, so that the others are done meanwhile.
  const light = faults.filter(({ isHeavy }) => !isHeavy).sort((a, b) => (b.withinMs ?? 0) - (a.withinMs ?? 0))
  await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
    for (let fault = light.shift(); fault !== undefined; fault = light.shift()) await run(fault)
  }))
  for (const fault of faults) if (fault.isHeavy) await run(fault)
  return faults.flatMap((fault) => rows.get(fault) ?? [])
}

/** Never throws: what cannot be found out is not passed. */
export async function runOne (fault: Fault, options: RunOptions): Promise<Row> {
  const { name, run, needsOwnNetwork, withinMs = WITHIN_MS } = fault
  const startedAt = performance.now()
  const row = (finding: Finding): Row => ({ name, ...finding, seconds: (performance.now() - startedAt) / 1_000 })
  if (needsOwnNetwork && !options.hasOwnNetwork) {
    const skipped = 'no network of its own here'
    const pass = process.env.TEST_REQUIRE_NETWORK === undefined
    return { ...row({ what: skipped, figure: '', goal: '', pass }), skipped }
  }
  const context = new Context(options)
  try {
    const finding = await expectWithin(withinMs, 'it ends', run(context))
    const problems = (await Promise.all(context.subjects.map((subject) => subject.judge()))).flat()
    return row(problems.length === 0 ? finding : { ...finding, what: summary(problems), pass: false })
  } catch (error) {
    const said = context.subjects.map(({ service }) => service.stderr()).filter((text) => text !== '')
    return row({ what: summary([(error as Error).message, ...said]), figure: '', goal: '', pass: false })
  } finally {
    await context.end()
  }
}

const MOST_NAMED = 4

function summary (problems: readonly string[]): string {
  const more = problems.length > MOST_NAMED ? `; and ${problems.length - MOST_NAMED} more` : ''
  return `${problems.slice(0, MOST_NAMED).join('; ')}${more}`.replaceAll('\n', ' ')
}
