import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { build } from '../support/app.ts'
import { readExposition, type Series } from '../support/exposition.ts'
import { runPromtool, skipWithoutPrometheus, temporaryFolder } from '../support/prometheus.ts'
import { namedIn, type Named } from '../support/promql.ts'

const folder = fileURLToPath(new URL('../../../deploy/', import.meta.url))
const rulesFile = join(folder, 'prometheus/popcast.rules.yml')
const dashboardFile = join(folder, 'grafana/popcast.json')

interface Rule { record?: string, alert?: string, expr: string }
interface Panel {
  id: number
  title: string
  targets?: Array<{ expr: string }>
  gridPos: Record<'x' | 'y' | 'w' | 'h', number>
}

const { groups } = parse(readFileSync(rulesFile, 'utf8')) as { groups: Array<{ rules: Rule[] }> }
const rules = groups.flatMap(({ rules }) => rules)
const dashboard = JSON.parse(readFileSync(dashboardFile, 'utf8')) as {
  panels: Panel[]
  annotations: { list: Array<{ expr: string }> }
  templating: { list: Array<{ name: string, query: string | { query: string } }> }
}
const dashboardExpressions = [
  ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...dashboard.annotations.list.map(({ expr }) => expr)
]

t.test('promtool takes the rules and their tests', { skip: skipWithoutPrometheus }, async (t) => {
  for (const args of [
    ['check', 'config', join(folder, 'prometheus/prometheus.yml')],
    ['check', 'rules', rulesFile],
    ['test', 'rules', join(folder, 'prometheus/popcast.test.yml')]
  ]) {
    const { status, output } = runPromtool(args)
    t.equal(status, 0, `${args.join(' ')}: ${output}`)
  }
})

t.test('each alert is tried', async (t) => {
  const tests = readFileSync(join(folder, 'prometheus/popcast.test.yml'), 'utf8')
  for (const { alert } of rules) if (alert !== undefined) t.match(tests, `"${alert}"`, alert)
})

t.test('Prometheus understands what the dashboard asks', { skip: skipWithoutPrometheus }, async (t) => {
  // As Grafana puts its variables in.
  const filled = dashboardExpressions.map((expr) => expr.replaceAll('$__rate_interval', '5m').replaceAll('$job', 'popcast'))
  const file = join(temporaryFolder(t), 'dashboard.rules.yml')
  const asked = filled.map((expr, index) => ({ record: `dashboard:expression:${index}`, expr }))
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: asked }] }))
  const { status, output } = runPromtool(['check', 'rules', file])
  t.equal(status, 0, output)
})

t.test('the panels of the dashboard have ids of their own and do not overlap', async (t) => {
  const { panels } = dashboard
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  const places = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => ({ column: x + index % w, line: y + Math.floor(index / w) })))
  t.equal(new Set(places.map(({ column, line }) => `${column} ${line}`)).size, places.length)
  t.ok(places.every(({ column }) => column < 24))
})

/** Every series that a popcast has which does all that it can, and those that Prometheus adds or records. */
async function everything (t: Test): Promise<Series[]> {
  const { app, connect } = await build(t, { METRICS_PER_POP: '5', ALERTMANAGER_URL: 'http://127.0.0.1:2' })
  const client = await connect('/ws?topics=pops')
  await client.next('pops_update', ({ data }) => 'pops' in data && data.pops.every(({ baselineMs }) => baselineMs !== null))
  const { series } = readExposition((await app.inject('/metrics')).body)
  const scraped = series.map((one) => ({ ...one, labels: { job: 'popcast', instance: 'a', ...one.labels } }))
  const recorded = rules.flatMap(({ record, expr }) => {
    if (record === undefined) return []
    const labels = namedIn(expr).flatMap(({ labels }) => Array.from(labels.keys(), (label) => [label, ''] as const))
    return [{ name: record, labels: Object.fromEntries(labels), value: 0 }]
  })
  return [{ name: 'up', labels: { job: 'popcast', instance: 'a' }, value: 1 }, ...scraped, ...recorded]
}

/** What of it does not exist: a metric, a label of it, or a value that the label never has. */
function missingOf ({ name, labels }: Named, all: readonly Series[]): string[] {
  const series = all.filter((one) => one.name === name)
  if (series.length === 0) return [name]
  return Array.from(labels).flatMap(([label, values]) => {
    const had = new Set(series.flatMap(({ labels }) => labels[label] ?? []))
    if (had.size === 0) return [`${name}{${label}}`]
    return values.filter((value) => !had.has(value)).map((value) => `${name}{${label}="${value}"}`)
  })
}

t.test('every metric, label and value that rules and dashboard name exists in a scrape', async (t) => {
  const all = await everything(t)
  const missing = (expressions: string[]) => expressions.flatMap(namedIn).flatMap((named) => missingOf(named, all))
  t.strictSame(missing(rules.map(({ expr }) => expr)), [], 'rules')
  t.strictSame(missing(dashboardExpressions), [], 'dashboard')
  const queries = dashboard.templating.list.flatMap(({ query }) => typeof query === 'string' ? [] : query.query)
  const [, metrics = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(queries[1] ?? '') ?? []
  t.strictSame([...missing([metrics]), ...missingOf({ name: 'popcast_build_info', labels: new Map([[label, []]]) }, all)], [])
  // That this can fail.
  t.strictSame(missing(['sum by (colour) (popcast_pops{state="purple"}) / nothing_of_ours{a="b"} + popcast_nothing']), [
    'popcast_pops{state="purple"}', 'popcast_pops{colour}', 'popcast_nothing'
  ])
})

t.test('the dashboard shows every metric', async (t) => {
  const shown = new Set(dashboardExpressions.flatMap(namedIn).map(({ name }) => name.replace(/_bucket$/, '')))
  const document = readFileSync(new URL('../../../docs/observability.md', import.meta.url), 'utf8')
  const metrics = Array.from(document.matchAll(/^\| `(popcast_\w+)` \|/gm), ([, name]) => name as string)
  const unshown = ['popcast_query_bytes_total', 'popcast_pop_sample_timestamp_seconds']
  t.strictSame(metrics.filter((name) => !shown.has(name)).sort(), unshown.sort())
})
