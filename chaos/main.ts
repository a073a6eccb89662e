/**
 * popcast under every fault that we could think of, as a process of its own, and what its clients, its metrics and its log say:
 *   npm run chaos                        all of it, below 10 min
 *   npm run chaos -- --quick             what CI runs, below 90 s
 *   npm run chaos -- --seed 7 --redis    the stream in a real Redis (TEST_REDIS_SERVER, or redis-server)
 *   npm run chaos -- --only "trickling"  those whose name contains it
 *   npm run chaos -- --hours 8 --only soak
 * All traffic stays on the loopback of a network namespace that it makes itself, where it may (root, or user namespaces).
 * Exit code 1 when any row fails; 3 when none does, but one is slower than its goal, as beside other work.
 */
import { parseArgs } from 'node:util'
import { noRedis, Redis } from '../test/support/redis.ts'
import { faults } from './faults/index.ts'
import { hasOwnNetwork, inOwnNetwork, useSmallBuffers } from './network.ts'
import { runAll } from './run.ts'
import { progress, table } from './table.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    redis: { type: 'boolean', default: false },
    hours: { type: 'string' }
  }
})

const SLOW = 3

const code = hasOwnNetwork ? null : await inOwnNetwork()
process.exitCode = code ?? await main()

async function main (): Promise<number> {
  if (hasOwnNetwork) useSmallBuffers()
  const ends: Array<() => unknown> = []
  const missing = values.redis ? noRedis() : null
  if (missing !== null) throw new Error(`--redis: ${missing}`)
  const redis = values.redis ? await Redis.start({ teardown: (end) => { ends.push(end) } }) : null
  const { only = '', quick: isQuick, hours } = values
  const chosen = faults.filter(({ name, isQuick: isOfQuick }) => name.includes(only) && (isOfQuick || !isQuick))
  if (chosen.length === 0) throw new Error(`no fault has ${JSON.stringify(only)} in its name`)
  const seed = Number(values.seed)
  console.log(`chaos: ${chosen.length} faults, seed ${seed}, stream in ${redis === null ? 'memory' : 'Redis'}, ` +
    `${hasOwnNetwork ? 'a network of its own' : 'the loopback of this machine'}`)
  const startedAt = performance.now()
  const options = { seed, isQuick, hours: hours === undefined ? null : Number(hours), redis, hasOwnNetwork }
  try {
    const rows = await runAll(chosen, options, (row) => console.log(progress(row)))
    const failed = rows.filter(({ pass }) => !pass).length
    const slow = rows.filter(({ pass, inTime }) => pass && inTime === false).length
    const passed = `${rows.length - failed} of ${rows.length} passed${slow === 0 ? '' : `, ${slow} of them slow,`}`
    console.log(`\n${table(rows)}\n\n${passed} in ` +
      `${Math.round((performance.now() - startedAt) / 1_000)} s, seed ${seed}`)
    return failed > 0 ? 1 : slow > 0 ? SLOW : 0
  } finally {
    for (const end of ends.reverse()) await end()
  }
}
