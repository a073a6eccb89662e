/**
 * Tries what is compiled on other versions of Node: node scripts/on-node.js 22 24 26. Of each the unit part of the tests runs,
 * and the packed package as somebody installs it. A version that cannot be had is a failure. JavaScript, as scripts/compile.js.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { failuresOf } from './failures.js'

/** Some take a second; all that is waited for ends by itself. */
const TIMEOUT_S = 300
/** At once: there are two cores where it matters how long it takes. */
const VERSIONS_AT_ONCE = 2
const PARTS = { unit: 'dist/test/support/unit-part.js', packed: 'dist/test/integration/packed.test.js' }

const place = mkdtempSync(join(tmpdir(), 'popcast-node-'))
process.on('exit', () => rmSync(place, { recursive: true, force: true }))

const versions = process.argv.slice(2)
const results = []
const work = versions.map((version) => async () => results.push(...await onNode(version)))
await Promise.all(Array.from({ length: VERSIONS_AT_ONCE }, async () => {
  for (let next = work.shift(); next !== undefined; next = work.shift()) await next()
}))
if (results.length < versions.length * Object.keys(PARTS).length || results.some(({ ok }) => !ok)) process.exitCode = 1

/** @returns of each part whether it passed */
async function onNode (version) {
  const binary = install(version)
  const name = execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim()
  const outcomes = []
  for (const [part, file] of Object.entries(PARTS)) {
    const startedAt = performance.now()
    const { code, output } = await run(binary, file)
    const passed = output.match(/^ok /gm)?.length ?? 0
    const ok = code === 0 && passed > 0
    const took = `${Math.round((performance.now() - startedAt) / 1_000)} s`
    process.stdout.write(`${ok ? 'ok' : 'not ok'} - ${part} on Node ${name}: ${passed} tests, ${took}\n`)
    if (!ok) process.stdout.write(failuresOf(output))
    outcomes.push({ ok })
  }
  return outcomes
}

/** The binary of a version, from the package that has the one of this platform. */
function install (version) {
  const name = `node-${process.platform}-${process.arch}`
  const folder = join(place, version)
  const args = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  execFileSync('npm', [...args, `${name}@${version}`], { stdio: ['ignore', 'ignore', 'inherit'], cwd: place })
  return join(folder, 'node_modules', name, 'bin/node')
}

async function run (binary, file) {
  const { PATH, HOME, NODE_EXTRA_CA_CERTS } = process.env
  const [influxd, registry] = [process.env.TEST_INFLUXD_INFLUXQL, process.env.TEST_REQUIRE_REGISTRY]
  const child = spawn(binary, ['--enable-source-maps', '--disable-warning=ExperimentalWarning', file], {
    env: {
      PATH,
      HOME,
      NODE_EXTRA_CA_CERTS,
      TAP_TIMEOUT: String(TIMEOUT_S),
      // What is shared by instances has its tests in the other run.
      TEST_REDIS_SERVER: join(place, 'none'),
      ...influxd !== undefined && { TEST_INFLUXD_INFLUXQL: influxd },
      ...registry !== undefined && { TEST_REQUIRE_REGISTRY: registry }
    },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output += chunk })
  const [code] = await once(child, 'close')
  return { code, output }
}
