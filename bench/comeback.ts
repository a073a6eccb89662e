/**
 * How clients of the library come back to a service that was killed: npm run bench:comeback [-- --clients 200]
 * With the defaults of both; prints how many were back in the fullest 100 ms, and what any of them was told wrongly.
 */
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'
import { comeBack } from '../test/support/comeback.ts'

const { values } = parseArgs({ options: { clients: { type: 'string', default: '200' } } })
const clients = Number(values.clients)
const WINDOW_MS = 100

const ends: Array<() => void> = []
for (const transport of ['websocket', 'sse'] as const) {
  const env = { BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: '900' }
  const t = { teardown: (end: () => void) => { ends.push(end) } }
  const { liveAt, faults } = await comeBack(t, { clients, env, options: { WebSocket, transport } })
  const times = liveAt.sort((a, b) => a - b)
  const fullest = Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + WINDOW_MS).length))
  const last = (times.at(-1) ?? 0) / 1_000
  console.log(`${transport.padEnd(10)} ${times.length} of ${clients} back within ${last.toFixed(1)} s of the start, ` +
    `${(fullest / clients * 100).toFixed(0)} % of them in the fullest ${WINDOW_MS} ms; ${faults.length} faults`)
  for (const fault of new Set(faults)) console.log(`  ${fault}`)
  if (faults.length > 0) process.exitCode = 1
  for (const end of ends.splice(0)) end()
}
