/** Runs one server and one load client, each in a process of its own, and measures what the clients cost the server. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { quantile, sorted } from '../lib/fleet/statistics.ts'
import type { LoadOptions, LoadReport } from './load-client.ts'
import type { Command, Sample, ServerOptions } from './servers/peer.ts'

export interface Peer {
  name: string
  file: string
  path: string
  greeting: string | null
  /** Over server-sent events. */
  events?: boolean
  /** Messages that it sends before the first update. */
  messagesToConnect: number
  /** What an orchestrator asks, where there is such a route. */
  liveness?: string
}

export interface Scenario extends ServerOptions {
  clients: number
  neverRead: number
  broadcasts: number
}

export interface Measurement {
  /** Whether every reading client got every broadcast, once. A run that lost one says nothing else. */
  valid: boolean
  connectsPerSecond: number
  cpuPerConnectUs: number
  /** How long liveness took to answer while all the clients connected; null where there is no such route. */
  livenessMs: { p99: number, max: number } | null
  /** Clients whose offer of permessage-deflate was taken. */
  deflated: number
  memoryPerConnectionBytes: number
  cpuPerFrameUs: number
  /** The kernel's part of it. */
  kernelPerFrameUs: number
  bytesPerFrame: number
  spreadMs: { p50: number, p99: number, max: number }
  eventLoopDelayP99Ms: number
  /** Growth of the server's memory over the broadcasts. */
  growthBytes: number
  /** Clients that the server has cut off. */
  cutOff: number
}

const CONCURRENT_CONNECTS = 200
const PROBE_EVERY_MS = 5
const EXIT_TIMEOUT_MS = 5_000
const WARM_UP_BROADCASTS = 8
/** Until what was broadcast last has been read. */
const SETTLE_MS = 1_000

/** @param profileTo a folder for the server's CPU profile (.cpuprofile), or null */
export async function measure (
  peer: Peer,
  { clients, neverRead, broadcasts, ...serverOptions }: Scenario,
  profileTo: string | null
): Promise<Measurement> {
  const profiling = profileTo === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileTo}`]
  const server = start(`servers/${peer.file}.js`, serverOptions, ['--expose-gc', ...profiling])
  try {
    const { port } = await next<{ port: number }>(server)
    const before = await ask(server, 'sample')
    const { path, greeting, messagesToConnect, liveness, events = false } = peer
    const loadOptions: LoadOptions = {
      port,
      clients,
      neverRead,
      path,
      events,
      greeting,
      messagesToConnect,
      deflate: serverOptions.deflate,
      concurrency: CONCURRENT_CONNECTS
    }
    const load = start('load-client.js', loadOptions)
    const endProbing = liveness === undefined ? null : probe(`http://127.0.0.1:${port}${liveness}`)
    try {
      return await observe(server, load, before, endProbing, {
        clients,
        neverRead,
        broadcasts,
        intervalMs: serverOptions.intervalMs
      })
    } finally {
      await end(load)
    }
  } finally {
    await end(server)
  }
}

/** Asks again and again until it is told to stop, and then says how long the answers took. */
function probe (url: string): () => Promise<{ p99: number, max: number }> {
  const latencies: number[] = []
  const stop = new AbortController()
  const done = (async () => {
    while (!stop.signal.aborted) {
      const askedAt = performance.now()
      const response = await fetch(url)
      await response.text()
      if (response.status !== 200) throw new Error(`liveness answered ${response.status}`)
      latencies.push(performance.now() - askedAt)
      await setTimeout(PROBE_EVERY_MS)
    }
  })()
  return async () => {
    stop.abort()
    await done
    return { p99: quantile(sorted(latencies), 0.99), max: Math.max(...latencies) }
  }
}

/**
 * The first broadcasts are compiled rather than sent, by every server. What
 * clients that never read cost is seen from the first one on.
 */
async function warmUp (server: ChildProcess, intervalMs: number): Promise<Sample> {
  await ask(server, 'start')
  await setTimeout(WARM_UP_BROADCASTS * intervalMs + intervalMs / 2)
  const sample = await ask(server, 'stop')
  await setTimeout(SETTLE_MS)
  return sample
}

async function observe (
  server: ChildProcess,
  load: ChildProcess,
  before: Sample,
  endProbing: ReturnType<typeof probe> | null,
  { clients, neverRead, broadcasts, intervalMs }: Pick<Scenario, 'clients' | 'neverRead' | 'broadcasts' | 'intervalMs'>
): Promise<Measurement> {
  const connected = await next<Extract<LoadReport, { event: 'connected' }>>(load)
  const livenessMs = (await endProbing?.()) ?? null
  const idle = await ask(server, 'sample')
  const warmedUp = neverRead > 0 ? idle : await warmUp(server, intervalMs)
  load.send({ count: true })
  const started = await ask(server, 'start')
  await setTimeout(broadcasts * intervalMs + intervalMs / 2)
  const stopped = await ask(server, 'stop')
  const measured = stopped.broadcasts - warmedUp.broadcasts
  load.send({ broadcasts: measured })
  const delivered = await next<Extract<LoadReport, { event: 'delivered' }>>(load)
  const finished = await ask(server, 'sample')
  const frames = (clients - neverRead) * measured
  // A run in which nothing arrived is invalid, and still printed.
  const spread = sorted(delivered.spreadMs.length > 0 ? delivered.spreadMs : [NaN])
  return {
    valid: delivered.complete && measured > 0,
    connectsPerSecond: (clients / connected.milliseconds) * 1_000,
    cpuPerConnectUs: ((idle.cpuMs - before.cpuMs) * 1_000) / clients,
    livenessMs,
    deflated: connected.deflated,
    memoryPerConnectionBytes: (idle.rssBytes - before.rssBytes) / clients,
    // Of the broadcasts alone: the sample after them collects garbage first, for the memory.
    cpuPerFrameUs: ((stopped.cpuMs - started.cpuMs) * 1_000) / frames,
    kernelPerFrameUs: ((stopped.kernelMs - started.kernelMs) * 1_000) / frames,
    bytesPerFrame: delivered.bytes / Math.max(1, delivered.frames),
    spreadMs: { p50: quantile(spread, 0.5), p99: quantile(spread, 0.99), max: Math.max(...spread) },
    eventLoopDelayP99Ms: stopped.eventLoopDelayP99Ms,
    growthBytes: finished.rssBytes - idle.rssBytes,
    cutOff: finished.cutOff
  }
}

function start (file: string, options: object, execArgv: string[] = []): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(options)], { execArgv })
}

async function next<Message> (child: ChildProcess): Promise<Message> {
  const failed = once(child, 'exit').then(([code]) => { throw new Error(`${child.spawnargs.join(' ')} ended with ${code}`) })
  const [message] = await Promise.race([once(child, 'message'), failed])
  return message
}

function ask (server: ChildProcess, command: Command): Promise<Sample> {
  const answer = next<Sample>(server)
  server.send(command)
  return answer
}

async function end (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  // They exit when they are left alone, which writes a profile if there is one.
  child.disconnect()
  const killing = new AbortController()
  setTimeout(EXIT_TIMEOUT_MS, undefined, killing).then(() => child.kill('SIGKILL'), () => {})
  await exit
  killing.abort()
}
