/**
 * The real service with one process and with several, on this machine:
 *   npm run bench:workers [-- --workers 2 --clients 8000 --seconds 10 --runs 3]
 * By CPU time, so that the load client, which takes as much, says nothing: a service can do as much as its busiest process, and
 * what a frame or a connect costs is what all its processes took together, the primary too. One after the other, alternating;
 * the medians are told. Linux only: it reads /proc.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { quantile, sorted } from '../lib/fleet/statistics.ts'
import { portOf, startService, type Service } from '../test/support/service.ts'
import type { LoadOptions } from './load-client.ts'

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '2' },
    clients: { type: 'string', default: '8000' },
    seconds: { type: 'string', default: '10' },
    runs: { type: 'string', default: '3' },
    interval: { type: 'string', default: '500' }
  }
})
const [clients, seconds] = [Number(values.clients), Number(values.seconds)]

/** USER_HZ, which Linux has everywhere. */
const TICK_MS = 10
const PAGE_BYTES = 4_096
/** What comes first is compiled rather than done, in each process. */
const WARM_UP_MS = 3_000
const WARM_UP_CLIENTS = 500
const SETTLE_MS = 1_000
/** What a run collects is no part of what a connection takes. */
const COLLECT = ['--expose-gc', '--import', 'data:text/javascript,process.on("SIGWINCH", () => globalThis.gc())']

interface Usage {
  /** By process, ms. */
  cpu: number[]
  residentBytes: number
}

interface Result {
  connectUs: number
  /** Connects of a second of the busiest process. */
  connectCapacity: number
  frameUs: number
  frameCapacity: number
  memoryBytes: number
  /** Of the connections, that the worker with the most has. */
  largestShare: number
}

function usageOf (pids: readonly number[]): Usage {
  const stats = pids.map((pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [])
  return {
    cpu: stats.map((fields) => (Number(fields[11]) + Number(fields[12])) * TICK_MS),
    residentBytes: stats.reduce((sum, fields) => sum + Number(fields[21]) * PAGE_BYTES, 0)
  }
}

async function collected (pids: readonly number[]): Promise<Usage> {
  for (const pid of pids) process.kill(pid, 'SIGWINCH')
  await setTimeout(SETTLE_MS)
  return usageOf(pids)
}

function spent (before: Usage, after: Usage): { total: number, busiest: number } {
  const each = after.cpu.map((ms, index) => ms - (before.cpu[index] ?? 0))
  return { total: each.reduce((sum, ms) => sum + ms, 0), busiest: Math.max(...each) }
}

async function series (port: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.slice(name.length))
}

async function started (service: Service, workers: number): Promise<{ port: number, pids: number[] }> {
  const port = await portOf(service)
  if (workers === 1) return { port, pids: [service.child.pid as number] }
  const pids: number[] = []
  for (let worker = 1; worker <= workers; worker++) {
    await service.logged((line) => line.worker === worker && String(line.msg).startsWith('Server listening at '))
    pids.push(Number(service.lines.find((line) => line.event === 'worker_started' && line.worker === worker)?.workerPid))
  }
  return { port, pids: [service.child.pid as number, ...pids] }
}

/** Resolves when all of them are connected; the process is ended with `disconnected`. */
async function connected (port: number, clients: number): Promise<ChildProcess> {
  const to = { port, path: '/ws', events: false, deflate: false, greeting: null, messagesToConnect: 2 }
  const options: LoadOptions = { ...to, clients, neverRead: 0, concurrency: 200 }
  const load = fork(fileURLToPath(new URL('load-client.js', import.meta.url)), [JSON.stringify(options)])
  await once(load, 'message')
  return load
}

async function disconnected (load: ChildProcess): Promise<void> {
  const exit = once(load, 'exit')
  load.disconnect()
  await exit
  await setTimeout(SETTLE_MS)
}

async function measure (workers: number): Promise<Result> {
  const ends: Array<() => unknown> = []
  const service = startService({ teardown: (end) => { ends.push(end) } }, {
    WORKERS: String(workers),
    BROADCAST_INTERVAL_MS: values.interval,
    QUERY_TIMEOUT_MS: '400',
    POLL: 'always',
    MAX_CONNECTIONS: String(clients),
    LOG_LEVEL: 'info'
  }, COLLECT)
  try {
    const { port, pids } = await started(service, workers)
    await disconnected(await connected(port, WARM_UP_CLIENTS * workers))
    const before = await collected(pids)
    const first = await connected(port, clients)
    const { residentBytes } = await collected(pids)
    await disconnected(first)
    const beforeConnects = await collected(pids)
    const load = await connected(port, clients)
    try {
      const connecting = spent(beforeConnects, usageOf(pids))
      const counts = await connectionsOf(port)
      await setTimeout(WARM_UP_MS)
      const [sentBefore, from] = [await series(port, SENT), usageOf(pids)]
      await setTimeout(seconds * 1_000)
      const telling = spent(from, usageOf(pids))
      const frames = await series(port, SENT) - sentBefore
      return {
        connectUs: connecting.total * 1_000 / clients,
        connectCapacity: clients / connecting.busiest * 1_000,
        frameUs: telling.total * 1_000 / frames,
        frameCapacity: frames / telling.busiest * 1_000,
        memoryBytes: (residentBytes - before.residentBytes) / clients,
        largestShare: Math.max(...counts) / clients
      }
    } finally {
      await disconnected(load)
    }
  } finally {
    service.child.kill('SIGTERM')
    await service.exit
    for (const end of ends) end()
  }
}

const SENT = 'popcast_broadcasts_total{outcome="sent"}'

async function connectionsOf (port: number): Promise<number[]> {
  const { instances } = await (await fetch(`http://127.0.0.1:${port}/api/fleet`)).json() as
    { instances: Array<{ connections: number }> }
  return instances.map(({ connections }) => connections)
}

const results: Record<'one' | 'several', Result[]> = { one: [], several: [] }
for (let run = 0; run < Number(values.runs); run++) {
  results.one.push(await measure(1))
  results.several.push(await measure(Number(values.workers)))
}

const median = (of: readonly Result[], name: keyof Result) => quantile(sorted(of.map((result) => result[name])), 0.5)
const rows: Array<[title: string, name: keyof Result, digits: number, unit: number]> = [
  ['fan-out, frames of a second of the busiest process', 'frameCapacity', 0, 1],
  ['connects of a second of the busiest process', 'connectCapacity', 0, 1],
  ['CPU per frame, us', 'frameUs', 2, 1],
  ['CPU per connect, us', 'connectUs', 0, 1],
  ['memory per connection, KiB', 'memoryBytes', 1, 1_024],
  ['largest share of the connections', 'largestShare', 2, 1]
]
console.log(`${clients} clients, ${values.runs} runs of each, Node ${process.version}`)
console.log(`| | 1 process | ${values.workers} workers | ratio | each ratio |\n|---|---|---|---|---|`)
for (const [title, name, digits, unit] of rows) {
  const [one, several] = [median(results.one, name), median(results.several, name)]
  const each = results.one.map((result, index) => ((results.several[index]?.[name] ?? NaN) / result[name]).toFixed(2)).join(', ')
  const ratio = (several / one).toFixed(2)
  console.log(`| ${title} | ${(one / unit).toFixed(digits)} | ${(several / unit).toFixed(digits)} | ${ratio} | ${each} |`)
}
