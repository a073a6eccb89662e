/** Runs one server and one load client, each in a process of its own, and measures what the clients cost the server. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { LoadOptions, LoadReport } from './load-client.ts'
import type { Command, Sample, ServerOptions } from './servers/peer.ts'

export interface Peer {
  name: string
  file: string
  path: string
  greeting: string | null
  /** Text messages that it sends before the first update. */
  messagesToConnect: number
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

export async function measure (peer: Peer, { clients, neverRead, broadcasts, ...serverOptions }: Scenario): Promise<Measurement> {
  const server = start(`servers/${peer.file}.js`, serverOptions, ['--expose-gc'])
  try {
    const { port } = await next<{ port: number }>(server)
    const before = await ask(server, 'sample')
    const { path, greeting, messagesToConnect } = peer
    const loadOptions: LoadOptions = { port, clients, neverRead, path, greeting, messagesToConnect, deflate: serverOptions.deflate, concurrency: CONCURRENT_CONNECTS }
    const load = start('load-client.js', loadOptions)
    try {
      return await observe(server, load, before, { clients, neverRead, broadcasts, intervalMs: serverOptions.intervalMs })
    } finally {
      await end(load)
    }
  } finally {
    await end(server)
  }
}

async function observe (server: ChildProcess, load: ChildProcess, before: Sample, { clients, neverRead, broadcasts, intervalMs }: Pick<Scenario, 'clients' | 'neverRead' | 'broadcasts' | 'intervalMs'>): Promise<Measurement> {
  const connected = await next<Extract<LoadReport, { event: 'connected' }>>(load)
  const idle = await ask(server, 'sample')
  load.send({ count: true })
  const started = await ask(server, 'start')
  await new Promise((resolve) => setTimeout(resolve, broadcasts * intervalMs + intervalMs / 2))
  const stopped = await ask(server, 'stop')
  load.send({ broadcasts: stopped.broadcasts })
  const delivered = await next<Extract<LoadReport, { event: 'delivered' }>>(load)
  const finished = await ask(server, 'sample')
  const frames = (clients - neverRead) * stopped.broadcasts
  const spread = [...delivered.spreadMs].sort((a, b) => a - b)
  return {
    valid: delivered.complete && stopped.broadcasts > 0,
    connectsPerSecond: clients / connected.milliseconds * 1_000,
    deflated: connected.deflated,
    memoryPerConnectionBytes: (idle.rssBytes - before.rssBytes) / clients,
    cpuPerFrameUs: (finished.cpuMs - started.cpuMs) * 1_000 / frames,
    kernelPerFrameUs: (finished.kernelMs - started.kernelMs) * 1_000 / frames,
    bytesPerFrame: delivered.bytes / Math.max(1, delivered.frames),
    spreadMs: { p50: quantile(spread, 0.5), p99: quantile(spread, 0.99), max: quantile(spread, 1) },
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
  child.kill('SIGKILL')
  await exit
}

function quantile (sorted: number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}
