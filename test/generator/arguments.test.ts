import t from 'tap'
import { parseArguments, type GeneratorOptions } from '../../generator/arguments.ts'
import { ConfigError } from '../../config.ts'

const defaults: GeneratorOptions = { pops: 20, intervalMs: 10_000, seed: 1, backfillMs: 0, incidents: false, regressions: [] }

const accepted: Array<[name: string, args: string[], options: Partial<GeneratorOptions>]> = [
  ['nothing', [], {}],
  ['numbers', ['--pops', '2000', '--seed', '4294967295'], { pops: 2_000, seed: 4_294_967_295 }],
  ['milliseconds', ['--interval', '500ms'], { intervalMs: 500 }],
  ['seconds and hours', ['--interval=5s', '--backfill=25h'], { intervalMs: 5_000, backfillMs: 90_000_000 }],
  ['minutes', ['--backfill', '5m'], { backfillMs: 300_000 }],
  ['days', ['--backfill', '2d'], { backfillMs: 172_800_000 }],
  ['a fraction', ['--backfill', '1.5h'], { backfillMs: 5_400_000 }],
  ['random incidents', ['--incidents'], { incidents: true }],
  ['a regression', ['--regress', 'fra1'], { regressions: [{ pop: 'fra1', factor: 2, durationMs: Infinity }] }],
  ['regressions', ['--regress', 'fra1:3', '--regress', 'ams1:1.5:10m'], {
    regressions: [{ pop: 'fra1', factor: 3, durationMs: Infinity }, { pop: 'ams1', factor: 1.5, durationMs: 600_000 }]
  }],
  ['a PoP that exists because there are enough', ['--regress', 'fra2', '--pops', '33'], {
    pops: 33, regressions: [{ pop: 'fra2', factor: 2, durationMs: Infinity }]
  }]
]

for (const [name, args, options] of accepted) {
  t.test(`accepts ${name}`, async (t) => t.strictSame(parseArguments(args), { ...defaults, ...options }))
}

const refused: Array<[name: string, args: string[], variable: string, fault: string]> = [
  ['no number', ['--pops', 'many'], '--pops', '"many" is not a whole number'],
  ['no PoPs', ['--pops', '0'], '--pops', '"0" is out of range'],
  ['too many PoPs', ['--pops', '2001'], '--pops', '"2001" is out of range'],
  ['a negative seed', ['--seed=-1'], '--seed', '"-1" is not a whole number'],
  ['a duration without a unit', ['--interval', '10'], '--interval', '"10" is not a duration'],
  ['an interval that is too short', ['--interval', '10ms'], '--interval', '"10ms" is out of range'],
  ['an endless history', ['--backfill', '366d'], '--backfill', '"366d" is out of range'],
  ['an unknown PoP', ['--regress', 'xyz1'], '--regress', '"xyz1" names a PoP that does not exist'],
  [
    'a PoP that needs more PoPs',
    ['--regress', 'fra2'],
    '--regress',
    '"fra2" names a PoP that exists only with --pops 33 or more (now 20)'
  ],
  ['a factor that is none', ['--regress', 'fra1:much'], '--regress', '"fra1:much" has a wrong factor'],
  ['a factor that makes faster', ['--regress', 'fra1:0.5'], '--regress', '"fra1:0.5" has a wrong factor'],
  ['a regression without an end', ['--regress', 'fra1:2:'], '--regress', '"fra1:2:" is not a duration'],
  ['a regression with too much', ['--regress', 'fra1:2:5m:1'], '--regress', '"fra1:2:5m:1" has more than three parts'],
  ['an unknown option', ['--bogus'], 'arguments', "Unknown option '--bogus'"],
  ['a missing value', ['--pops'], 'arguments', "Option '--pops <value>' argument missing"],
  ['an argument that npm has left over', ['20'], 'arguments', "Unexpected argument '20'"]
]

for (const [name, args, variable, fault] of refused) {
  t.test(`refuses ${name}`, async (t) => t.match(problemsOf(args), [{ variable, fault, accepted: /\w/ }]))
}

t.test('names every fault', async (t) => {
  t.strictSame(
    problemsOf(['--pops', 'x', '--seed', 'y', '--regress', 'a', '--regress', 'b']).map(({ variable }) => variable),
    ['--pops', '--seed', '--regress', '--regress']
  )
})

t.test('names PoPs, but not all of them', async (t) => {
  t.match(problemsOf(['--pops', '2', '--regress', 'x'])[0], { accepted: /with a PoP of fra1, ams1$/ })
  t.match(problemsOf(['--pops', '2000', '--regress', 'x'])[0], { accepted: /hkg1, \.\.\.$/ })
})

t.test('help comes first', async (t) => {
  t.equal(parseArguments(['--help', '--pops', 'x']), 'help')
  t.equal(parseArguments(['-h']), 'help')
})

function problemsOf (args: string[]) {
  try {
    parseArguments(args)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  throw new Error('nothing was refused')
}
