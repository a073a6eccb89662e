/**
 * A fleet with a real redis-server: npm run bench:cluster [-- --runs 3] [--only "leader SIGKILL"] [--seconds 20]
 * First each fault on three processes, so many times: what clients were told wrongly, how often the database was asked, and how
 * long nobody led. Then what a follower costs, and how much later its clients are told than those of a process by itself.
 */
import { parseArgs } from 'node:util'
import { TestClient } from '../test/support/client.ts'
import { faults, runFault, type FaultResult } from '../test/support/faults.ts'
import { Redis } from '../test/support/redis.ts'
import { portOf, startService, type Service } from '../test/support/service.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    only: { type: 'string' },
    seconds: { type: 'string', default: '20' }
  }
})

const ends: Array<() => unknown> = []
const t = { teardown: (end: () => unknown) => { ends.push(end) } }
const cleanUp = async () => { for (const end of ends.splice(0).reverse()) await end() }

const most = (numbers: readonly number[]) => Math.round(Math.max(...numbers))
const quantile = (numbers: readonly number[], share: number) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(share * numbers.length)] ?? NaN

function line (name: string, results: readonly FaultResult[]): string {
  const sum = (of: (result: FaultResult) => number) => results.reduce((total, result) => total + of(result), 0)
  const leaders = results.flatMap(({ leaderMs }) => leaderMs ?? [])
  return [
    name,
    results.length,
    sum(({ duplicates }) => duplicates.length),
    sum(({ gaps }) => gaps.length),
    sum(({ conflicts }) => conflicts.length),
    sum(({ alerts }) => alerts.length),
    sum(({ unrecovered }) => unrecovered),
    most(results.map(({ epochs }) => epochs)) - 1,
    Math.round(Math.min(...results.map(({ closestPollsMs }) => closestPollsMs))),
    most(results.map(({ longestGapMs }) => longestGapMs)),
    leaders.length === 0 ? '' : most(leaders)
  ].join(' | ')
}

console.log('| fault (interval 1 s, lease 5 s) | runs | duplicates | gaps | conflicts | wrong alerts | recovered: false | ' +
  'new epochs | closest polls, ms | longest without an update, ms | new leader after, ms |')
console.log(`|${'---|'.repeat(11)}`)
for (const row of faults) {
  if (values.only !== undefined && values.only !== row.name) continue
  const results: FaultResult[] = []
  for (let run = 0; run < Number(values.runs); run++) {
    try {
      results.push(await runFault(t, row))
    } finally {
      await cleanUp()
    }
  }
  if (results.length > 0) console.log(`| ${line(row.name, results)} |`)
}

/** With and without ticks, one after the other. */
const ROUNDS = 3
const ENV = { BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: '900', DEMO_SEED: '1', UPDATE_LOG_COUNT: '360' }

async function cpuSeconds (port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return Number(/^popcast_cpu_seconds_total (\S+)$/m.exec(text)?.[1])
}

/** ms from when an update was made until a client has it. */
async function delays (port: number, updates: number): Promise<number[]> {
  const client = await TestClient.open(`ws://127.0.0.1:${port}/ws`)
  const times: number[] = []
  client.socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as { type: string, polledAt: string, replay?: true }
    if (message.type === 'metrics_update' && message.replay === undefined) times.push(Date.now() - Date.parse(message.polledAt))
  })
  while (times.length < updates + 2) await client.next('metrics_update')
  client.socket.terminate()
  // What was there when it came is as old as it is.
  return times.slice(2)
}

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000))

async function started (service: Service): Promise<number> {
  const port = await portOf(service)
  while (!(await fetch(`http://127.0.0.1:${port}/health/ready`)).ok) await pause(0.1)
  return port
}

const seconds = Number(values.seconds)
if (seconds > 0) {
  console.log('\n| PoPs | from an update to a client, p50 / p99, ms: one process | follower | follower\'s CPU per tick, ms |')
  console.log('|---|---|---|---|')
}
for (const pops of seconds > 0 ? [20, 2_000] : []) {
  const redis = await Redis.start(t, { persists: true })
  const env = { ...ENV, DEMO_POPS: String(pops) }
  const alone = await started(startService(t, env))
  const own = await delays(alone, seconds)
  const leader = await started(startService(t, { ...env, CLUSTER_URL: redis.url }))
  const follower = await started(startService(t, { ...env, CLUSTER_URL: redis.url }))
  const watch = () => TestClient.open(`ws://127.0.0.1:${leader}/ws`)
  const took = async () => {
    const before = await cpuSeconds(follower)
    await pause(seconds)
    return (await cpuSeconds(follower) - before) / seconds * 1_000
  }
  // What comes first is compiled, and what is read beside the ticks after a start is over by then.
  let watcher = await watch()
  await pause(2 * seconds)
  const perTick: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const ticking = await took()
    // With nobody who wants data: what it costs to be there.
    watcher.socket.terminate()
    await pause(2)
    const idle = await took()
    watcher = await watch()
    await pause(2)
    perTick.push(ticking - idle)
  }
  const told = await delays(follower, seconds)
  watcher.socket.terminate()
  const both = (times: readonly number[]) => `${quantile(times, 0.5)} / ${quantile(times, 0.99)}`
  console.log(`| ${pops} | ${both(own)} | ${both(told)} | ${perTick.map((ms) => ms.toFixed(1)).join(', ')} |`)
  await cleanUp()
}
