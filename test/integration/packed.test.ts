import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { findInfluxql, startV1 } from '../support/influxd.ts'
import { collectLines } from '../support/log-lines.ts'
import { install, npx, pack, packedEnv } from '../support/packed.ts'
import { version } from '../../version.ts'

t.setTimeout(120_000)
const packed = pack(t)

t.test('what is packed', async (t) => {
  const paths = Array.from(packed.files.keys())
  const kinds = [
    /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|PROTOCOL\.md|SECURITY\.md|asyncapi\.yaml)$/,
    /^dist\/[\w-]+\.js$/,
    /^dist\/(lib|plugins|routes|generator|detect|watch|check)\/([\w-]+\/)*[\w-]+\.js$/,
    /^dist\/client\/[\w-]+\.(js|d\.ts)$/,
    /^dist\/page\/(index\.html|licenses\.txt|popcast-\w+\.(js|css))(\.gz|\.br)?$/,
    /^(deploy|docs|examples|schemas)\//,
    /^scripts\/compile\.js$/,
    // What the documents point to.
    /^(\.env\.example|bench\/README\.md)$/
  ]
  t.strictSame(paths.filter((path) => !kinds.some((kind) => kind.test(path))), [], 'nothing else')
  for (const kind of kinds) t.ok(paths.some((path) => kind.test(path)), `${kind}`)
  const unwanted = paths.filter((path) => /test|\.map$|\.tsx?$(?<!\.d\.ts)|(^|\/)\./.test(path))
  t.strictSame(unwanted, ['.env.example', 'deploy/prometheus/popcast.test.yml'], 'the rules bring theirs along')
  const licences = readFileSync(new URL('../../page/licenses.txt', import.meta.url), 'utf8')
  for (const bundled of ['preact', '@preact/signals', 'world-atlas']) {
    t.match(licences, new RegExp(`^${bundled} \\d+\\.\\d+\\.\\d+ \\((MIT|ISC)\\)$`, 'm'), 'whose licence, and of which version')
  }
  const bytes = statSync(packed.tarball).size
  t.comment(`${packed.files.size} files, ${bytes} bytes packed`)
  t.ok(bytes < 2_000_000)
})

const installed = install(t, packed)
const skip = 'missing' in installed ? installed.missing : false
const folder = 'folder' in installed ? installed.folder : ''

/** A command by its own launcher, as a unit of systemd starts it. */
function start (t: Test, command: string, args: string[], env: Record<string, string> = {}) {
  const child = spawn(join(folder, 'node_modules/.bin/popcast'), [command, ...args], {
    cwd: folder,
    env: { ...packedEnv, ...env },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => child.kill('SIGKILL'))
  const { write, find } = collectLines()
  createInterface(child.stdout).on('line', write)
  const exit = once(child, 'exit')
  const end = async () => {
    child.kill('SIGTERM')
    return (await exit)[0] as number
  }
  return { find, end }
}

async function serve (t: Test, env: Record<string, string> = {}) {
  const { find, end } = start(t, 'serve', [], { PORT: '0', ...env })
  const { msg } = await find(({ msg }) => String(msg).startsWith('Server listening at '))
  return { address: String(msg).replace('Server listening at ', ''), end }
}

t.test('installed in an empty folder', { skip }, async (t) => {
  await t.test('says what there is', async (t) => {
    t.match(npx(folder, ['--version']), { status: 0, stdout: `${version}\n` })
    t.match(npx(folder, ['--help']), { status: 0, stdout: /serve.*watch.*generate.*detect.*token.*check/s })
    t.match(npx(folder, ['check']), { status: 0, stdout: /^ok +samples +20 PoPs/m })
    t.match(npx(folder, ['check'], { PORT: 'x' }), { status: 1, stderr: /PORT: "x" must be integer/ })
    const samples = 'time,pop_code,cold_start_time_ms\n2026-01-01T00:00:00Z,fra1,4.5\n'
    t.match(npx(folder, ['detect', '-'], {}, samples), { status: 0, stdout: '0 regressions in 1 samples of 1 PoPs\n' })
  })

  await t.test('serves the feed, the page and the documents, and ends', async (t) => {
    const { address, end } = await serve(t)
    const page = await fetch(address, { headers: { accept: 'text/html' } })
    const html = await page.text()
    t.match(page.headers.get('content-type'), 'text/html')
    for (const [, path] of html.matchAll(/(?:src|href)="(page\/popcast-[^"]+)"/g)) {
      t.equal((await fetch(`${address}/${path}`)).status, 200, `${path}`)
    }
    t.match(await (await fetch(`${address}/page/licenses.txt`)).text(), /^preact \d/m)
    t.match(await (await fetch(`${address}/docs`)).text(), /swagger-ui/)
    t.match(await (await fetch(`${address}/openapi.json`)).json(), { info: { title: /popcast/ } })
    t.match(npx(folder, ['watch', '--once', address]), { status: 0, stdout: /LIVE SIMULATED \d+\/20 healthy/ })
    t.equal(await end(), 0)
  })

  await t.test('is a library for clients', async (t) => {
    const { address, end } = await serve(t)
    const script = `
      import { PopcastClient } from 'popcast/client'
      const client = new PopcastClient(process.argv[1])
      console.log((await client.ready()).server.source)
      await client.close()
    `
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, address.replace('http', 'ws') + '/ws'], {
      cwd: folder, env: packedEnv, stdio: ['ignore', 'pipe', 'inherit']
    })
    let text = ''
    child.stdout.on('data', (chunk) => { text += chunk })
    t.strictSame(await once(child, 'exit'), [0, null])
    t.equal(text, 'demo\n')
    t.equal(await end(), 0)
  })

  const binary = findInfluxql()
  const required = process.env.TEST_REQUIRE_ENGINES?.includes('influxql') === true
  const noEngine = binary === null && !required ? 'no influxd 1.x' : false
  await t.test('fills a real InfluxDB, says what is in it, and serves it', { skip: noEngine }, async (t) => {
    const engine = await startV1(binary!, 'influxql')
    t.teardown(() => engine.stop())
    const empty = npx(folder, ['check'], engine.env)
    t.match(empty, { status: 1, stdout: /^problem +samples +measurement `cold_start_metrics` not found/m })
    const generator = start(t, 'generate', ['--backfill', '10m', '--pops', '3'], engine.env)
    await generator.find(({ event }) => event === 'live')
    t.equal(await generator.end(), 0)
    t.match(npx(folder, ['check'], engine.env), { status: 0, stdout: /^ok +samples +3 PoPs/m })
    const { address, end } = await serve(t, engine.env)
    t.match(await (await fetch(`${address}/api/metrics/latest`)).json(), { type: 'metrics_update', data: { totalPops: 3 } })
    t.equal(await end(), 0)
  })
})
