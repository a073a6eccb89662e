import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { AlertMaker } from '../../lib/notify/alert.ts'
import { closeCodes } from '../../lib/protocol/close-codes.ts'
import { loggedEvents } from '../support/log-events.ts'
import { alertOf } from '../support/notify.ts'

const root = new URL('../../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const document = read('docs/operations.md')

/** The table below a heading: its first cell without its marks, and the other cells. */
function rowsOf (heading: string): Map<string, string[]> {
  const section = document.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| ')).slice(1)
  return new Map(rows.map((row) => {
    const [first = '', ...others] = row.slice(2, -2).split(' | ')
    return [first.replaceAll('`', ''), others]
  }))
}

t.test('every event of the log has its row, with its levels, and no other', async (t) => {
  const levels = new Map<string, Set<string>>()
  for (const { event, level } of loggedEvents()) levels.set(event, (levels.get(event) ?? new Set()).add(level))
  // That it sees those that are put together, handed on, or told by a name that is not written where the call is.
  const examples = ['regression_opened', 'clock_ahead_ended', 'notify_failed', 'source_failed', 'delivery_failed']
  for (const event of examples) t.ok(levels.has(event), event)
  const rows = rowsOf('Log events')
  t.strictSame(Array.from(rows.keys()).sort(), Array.from(levels.keys()).sort())
  for (const [event, [level]] of rows) t.equal(level, Array.from(levels.get(event) ?? []).sort().join(', '), event)
})

t.test('every close code has its row', async (t) => {
  // Those that come from clients, from the library (lib/clients/websocket/library-closes.ts) or from nobody.
  const others = [1000, 1002, 1005, 1006, 1007, 1008, 1009]
  const codes = [...others, ...Object.values(closeCodes).map(({ code }) => code)].sort((a, b) => a - b)
  t.strictSame(Array.from(rowsOf('Close codes').keys(), Number), codes)
})

t.test('every alert has its row, and what to do', async (t) => {
  const { groups } = parse(read('deploy/prometheus/popcast.rules.yml')) as { groups: Array<{ rules: Array<{ alert?: string }> }> }
  const ofRules = groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []))
  const own = [
    alertOf(), new AlertMaker('http://popcast.test').ofStaleFeed('', 'influxdb', null, 0)
  ].map(({ labels }) => labels.alertname!)
  const rows = rowsOf('Alerts')
  t.strictSame(Array.from(rows.keys()).sort(), Array.from(new Set([...ofRules, ...own])).sort())
  for (const [alert, cells] of rows) t.ok(cells.length === 2 && cells.every((cell) => cell.length > 10), alert)
})
