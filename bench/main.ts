/**
 * Measures popcast and its peers, one after the other, on this machine:
 *   npm run bench                                      all of it (some 7 minutes), prints tables, writes bench/results/
 *   npm run bench -- --quick                           below a minute: 500 clients, few broadcasts
 *   npm run bench -- --clients 2000 --size 1024 --seconds 10   one scenario; only with these: --peers popcast,ws --never-read 10
 *   npm run bench -- ... --profile                     also says where each server's time went (and is slower by that)
 * Ratios within one run say something; microseconds are this machine's and this minute's.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { chart } from './chart.ts'
import { hottest } from './profile.ts'
import { measure, type Measurement, type Peer } from './run.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    clients: { type: 'string' },
    size: { type: 'string' },
    seconds: { type: 'string' },
    deflate: { type: 'boolean', default: false },
    'never-read': { type: 'string', default: '0' },
    peers: { type: 'string' },
    profile: { type: 'boolean', default: false }
  }
})

const peers = {
  // Everybody who connects to popcast, or to the ws that greets, gets a welcome and the last update; the others send nothing.
  popcast: { name: 'popcast', file: 'popcast', path: '/ws', greeting: null, messagesToConnect: 2, liveness: '/health/live' },
  popcastEvents: {
    name: 'popcast over SSE',
    file: 'popcast',
    path: '/api/stream',
    greeting: null,
    events: true,
    messagesToConnect: 3
  },
  ws: { name: 'ws', file: 'ws', path: '/', greeting: null, messagesToConnect: 0 },
  wsGreeting: { name: 'ws that greets', file: 'ws-greeting', path: '/', greeting: null, messagesToConnect: 2 },
  fastify: { name: '@fastify/websocket', file: 'fastify-websocket', path: '/', greeting: null, messagesToConnect: 0 },
  // Its handshake goes on in text messages: open, then connect to the namespace.
  socketIo: {
    name: 'Socket.IO',
    file: 'socket-io',
    path: '/socket.io/?EIO=4&transport=websocket',
    greeting: '40',
    messagesToConnect: 2
  },
  faye: { name: 'faye-websocket', file: 'faye-websocket', path: '/', greeting: null, messagesToConnect: 0 }
} satisfies Record<string, Peer>

interface Run {
  title: string
  peers: Peer[]
  clients: number
  neverRead?: number
  size: number
  deflate?: boolean
  intervalMs: number
  broadcasts: number
}

interface Result extends Measurement {
  title: string
  peer: string
  clients: number
  size: number
  deflate: boolean
}

const all: Peer[] = Object.values(peers)
const compared = values.peers === undefined ? all : values.peers.split(',').map((name) => peerNamed(name))
const { popcast, popcastEvents, ws } = peers

const suite: Run[] = [
  { title: '1 KiB, 1,000 clients', peers: [popcast], clients: 1_000, size: 1_024, intervalMs: 200, broadcasts: 50 },
  { title: '1 KiB, 2,000 clients', peers: all, clients: 2_000, size: 1_024, intervalMs: 250, broadcasts: 40 },
  { title: '1 KiB, 9,000 clients', peers: all, clients: 9_000, size: 1_024, intervalMs: 1_000, broadcasts: 15 },
  {
    title: '16 KiB, 2,000 clients',
    peers: [popcast, popcastEvents, ws],
    clients: 2_000,
    size: 16_384,
    intervalMs: 500,
    broadcasts: 20
  },
  {
    title: '16 KiB deflated, 2,000 clients',
    peers: [popcast, ws],
    clients: 2_000,
    size: 16_384,
    deflate: true,
    intervalMs: 2_000,
    broadcasts: 5
  },
  { title: '16 KiB, 9,000 clients', peers: [popcast], clients: 9_000, size: 16_384, intervalMs: 1_000, broadcasts: 10 },
  {
    title: '16 KiB deflated, 9,000 clients',
    peers: [popcast],
    clients: 9_000,
    size: 16_384,
    deflate: true,
    intervalMs: 1_000,
    broadcasts: 10
  },
  { title: '64 KiB every 100 ms, 990 clients', peers: [popcast], clients: 990, size: 65_536, intervalMs: 100, broadcasts: 150 },
  {
    title: '64 KiB every 100 ms, the same 990 beside 10 that never read',
    peers: [popcast],
    clients: 1_000,
    neverRead: 10,
    size: 65_536,
    intervalMs: 100,
    broadcasts: 150
  },
  // As much as 2,000 PoPs are.
  {
    title: '512 KiB every 200 ms, 10 that never read beside 10 that do',
    peers: [popcast, popcastEvents],
    clients: 20,
    neverRead: 10,
    size: 524_288,
    intervalMs: 200,
    broadcasts: 100
  }
]
const quick: Run[] = [
  { title: '1 KiB, 500 clients', peers: all, clients: 500, size: 1_024, intervalMs: 100, broadcasts: 20 },
  {
    title: '16 KiB deflated, 500 clients',
    peers: [popcast, ws],
    clients: 500,
    size: 16_384,
    deflate: true,
    intervalMs: 500,
    broadcasts: 5
  }
]

const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`
console.log(machine)
const results: Result[] = []
for (const run of chosen()) results.push(...await perform(run))
mkdirSync('bench/results', { recursive: true })
writeFileSync('bench/results/latest.json', JSON.stringify({ machine, date: new Date().toISOString(), results }, null, 2))
writeFileSync('bench/results/latest.svg', chart(machine, results))
console.log('\nwritten to bench/results/latest.json and latest.svg')
if (results.some(({ valid }) => !valid)) {
  console.log('INVALID: a run lost a broadcast')
  process.exitCode = 1
}

function chosen (): Run[] {
  if (values.clients === undefined && values.size === undefined) return values.quick ? quick : suite
  const [clients, size, seconds] = [Number(values.clients ?? 2_000), Number(values.size ?? 1_024), Number(values.seconds ?? 10)]
  // Some 20 us per client and broadcast, and as much again for the load client.
  const intervalMs = Math.max(100, Math.ceil(clients * (values.deflate ? 0.6 : 0.06) / 100) * 100)
  const title = `${size} bytes${values.deflate ? ' deflated' : ''}, ${clients} clients`
  return [
    {
      title,
      peers: compared,
      clients,
      neverRead: Number(values['never-read']),
      size,
      deflate: values.deflate,
      intervalMs,
      broadcasts: Math.ceil((seconds * 1_000) / intervalMs)
    }
  ]
}

function peerNamed (name: string): Peer {
  const peer = all.find((candidate) => candidate.name === name)
  if (peer === undefined) throw new Error(`unknown peer ${name}; known: ${all.map(({ name }) => name).join(', ')}`)
  return peer
}

async function perform ({
  title,
  peers: measured,
  clients,
  neverRead = 0,
  size,
  deflate = false,
  intervalMs,
  broadcasts
}: Run): Promise<Result[]> {
  const rows: Result[] = []
  for (const [index, peer] of measured.entries()) {
    process.stderr.write(`\r\x1b[K${title}: ${peer.name} (${index + 1} of ${measured.length})`)
    const folder = values.profile ? mkdtempSync(join(tmpdir(), 'popcast-bench-')) : null
    const measurement = await measure(peer, { clients, neverRead, size, deflate, intervalMs, broadcasts }, folder)
    rows.push({ title, peer: peer.name, clients, size, deflate, ...measurement })
    if (folder !== null) showProfile(peer.name, folder)
  }
  process.stderr.write('\r\x1b[K')
  print(title, rows)
  return rows
}

function showProfile (name: string, folder: string): void {
  const [file = ''] = readdirSync(folder)
  console.log(`\n${name}\n${hottest(join(folder, file)).join('\n')}`)
  rmSync(folder, { recursive: true })
}

function print (title: string, rows: Result[]): void {
  const own = rows[0] as Result
  console.log(`\n${title}`)
  console.log(
    '                     CPU/frame (kernel)   popcast is   spread p50/p99/max ms    loop delay p99   ' +
      'connects/s (CPU)   memory/conn.   every update    memory grew'
  )
  for (const row of rows) {
    const { p50, p99, max } = row.spreadMs
    console.log([
      row.peer.padEnd(20),
      `${row.cpuPerFrameUs.toFixed(1)} us (${row.kernelPerFrameUs.toFixed(1)})`.padStart(18),
      `${(own.cpuPerFrameUs / row.cpuPerFrameUs).toFixed(2)} x`.padStart(12),
      `${p50.toFixed(0)} / ${p99.toFixed(0)} / ${max.toFixed(0)}`.padStart(23),
      `${row.eventLoopDelayP99Ms.toFixed(1)} ms`.padStart(17),
      `${row.connectsPerSecond.toFixed(0)} (${row.cpuPerConnectUs.toFixed(0)} us)`.padStart(18),
      `${(row.memoryPerConnectionBytes / 1024).toFixed(1)} KiB`.padStart(14),
      (row.valid ? 'yes' : 'NO').padStart(14),
      `${(row.growthBytes / 1024 / 1024).toFixed(1)} MiB`.padStart(12),
      row.cutOff > 0 ? `   ${row.cutOff} cut off` : ''
    ].join(''))
    if (row.livenessMs !== null) {
      console.log(
        `  while they connected, liveness answered within ${row.livenessMs.p99.toFixed(0)} ms (p99), ` +
          `${row.livenessMs.max.toFixed(0)} ms (max)`
      )
    }
  }
}
