import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { build } from '../support/app.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

const script = `
  import { PopcastClient, PopcastError } from 'popcast/client'
  const client = new PopcastClient(process.argv[2])
  const { connection, server } = await client.ready()
  console.log(connection.transport, server.source, new PopcastError('CLOSED').retryable)
  await client.close()
`
const consumer = `
  import { WebSocket } from 'ws'
  import { PopcastClient, PopcastError, type Pop, type PopcastOptions, type Snapshot, type Subscription } from 'popcast/client'
  const subscription: Subscription = { metrics: true, alerts: true, pops: { country: ['DE'] } }
  const options: PopcastOptions = { WebSocket, subscribe: subscription, signal: new AbortController().signal, fetch }
  export const client = new PopcastClient(new URL('ws://popcast.test/ws'), options)
  export const own = new PopcastClient('ws://popcast.test/ws')
  const off: () => void = client.on('change', ({ overview, freshness }) => {
    console.log(overview?.averageColdStart?.toFixed(), freshness.ageMs)
  })
  export async function follow (): Promise<readonly Pop[]> {
    for await (const { alert, replay } of client.events('alert')) if (!replay) console.log(alert.message)
    await client.setSubscription({ pops: true })
      .catch((error) => { if (error instanceof PopcastError) console.log(error.serverCode) })
    const snapshot: Snapshot = await client.ready()
    off()
    // @ts-expect-error -- there is no such event
    client.on('nothing', () => {})
    return snapshot.connection.name === 'waiting' ? [] : [...snapshot.pops.values()]
  }
`

/** A folder that has nothing but the packed package: not even what that depends on. */
function installed (folder: string): void {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const [{ filename }] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' })) as [{ filename: string }]
  mkdirSync(join(folder, 'node_modules'))
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', folder])
  renameSync(join(folder, 'package'), join(folder, 'node_modules/popcast'))
}

t.test('the packed client', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'client-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  installed(folder)
  const manifest = JSON.parse(readFileSync(join(folder, 'node_modules/popcast/package.json'), 'utf8')) as { bin: object }
  t.ok(manifest.bin)

  t.test('is imported from an empty folder, and has a snapshot of the server', async (t) => {
    const { port } = await build(t)
    writeFileSync(join(folder, 'script.mjs'), script)
    const output = await new Promise((resolve, reject) => {
      execFile(process.execPath, ['script.mjs', `http://127.0.0.1:${port}/ws`], { cwd: folder }, (error, stdout) => {
        if (error === null) resolve(stdout)
        else reject(error)
      })
    })
    t.equal(output, 'sse demo true\n', 'Node 20 has no WebSocket of its own')
  })

  t.test('has types that every way of compiling accepts', async (t) => {
    for (const path of ['@types/node', '@types/ws', 'undici-types']) {
      mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
      symlinkSync(join(root, 'node_modules', path), join(folder, 'node_modules', path))
    }
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'consumer.ts'), consumer)
    const dom = { lib: ['ES2023', 'DOM', 'DOM.Iterable'], types: [] }
    const node = { lib: ['ES2023'], types: ['node'] }
    const cases = [
      { name: 'Node', options: { ...node, exactOptionalPropertyTypes: true }, text: consumer },
      { name: 'Node, not exactly', options: { ...node, exactOptionalPropertyTypes: false }, text: consumer },
      {
        name: 'a page, by a bundler',
        options: { ...dom, module: 'ESNext', moduleResolution: 'Bundler', exactOptionalPropertyTypes: true },
        text: consumer.replace("import { WebSocket } from 'ws'", '')
      }
    ]
    for (const { name, options, text } of cases) {
      writeFileSync(join(folder, 'consumer.ts'), text)
      const strict = { strict: true, skipLibCheck: false, noEmit: true }
      const compilerOptions = { module: 'NodeNext', target: 'ES2022', ...strict, ...options }
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
      const tsc = join(root, 'node_modules/typescript/bin/tsc')
      const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
      t.equal(status, 0, `${name}: ${stdout}`)
    }
  })
})
