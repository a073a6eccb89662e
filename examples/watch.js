/**
 * Prints what happens, one line each: node examples/watch.js [ws://127.0.0.1:3001/ws]
 * In a project of its own: npm install popcast ws.
 */
import { PopcastClient } from 'popcast/client'

// Node 20 has no WebSocket of its own. Without ws the client would take server-sent events.
const WebSocket = globalThis.WebSocket ?? (await import('ws')).WebSocket
const abort = new AbortController()
const client = new PopcastClient(process.argv[2] ?? 'ws://127.0.0.1:3001/ws', { WebSocket, signal: abort.signal })

const say = (...words) => console.log(new Date().toISOString(), ...words)

client.on('connection', ({ name, transport, cause }) => say(name, transport ?? cause?.code ?? ''))
client.on('freshness', (state) => say('data is', state))
client.on('overview', ({ overview: { totalPops, healthyPops, averageColdStart, regressions }, replay }) => {
  if (!replay) say(`${healthyPops} of ${totalPops} PoPs healthy, ${averageColdStart ?? '-'} ms, ${regressions} regressed`)
})
client.on('resumed', ({ recovered, reason, missed }) => say(recovered ? `back, ${missed} updates missed` : `back, but ${reason}`))
client.on('error', (error) => say('error', error.code, error.message))

process.once('SIGINT', () => abort.abort())
process.once('SIGTERM', () => abort.abort())

// Every alert once, whatever happens to connections; those that were open already are marked.
for await (const { alert, replay } of client.events('alert', { signal: abort.signal })) {
  say(replay ? 'still open:' : `${alert.state}:`, alert.message)
}
