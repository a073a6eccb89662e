import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { collectLines } from '../support/log-lines.ts'
import type { Teardown } from '../support/service.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

interface Lock {
  packages: Record<string, { dev?: boolean }>
}

/** The package as somebody gets it who installs it without devDependencies; nothing is fetched. */
function unpacked (t: Teardown): string {
  const folder = mkdtempSync(join(tmpdir(), 'package-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  // dist/ is compiled already, and these tests run in it.
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const [{ filename }] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' })) as [{ filename: string }]
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', folder])
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    if (dev === true || !/^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) || !existsSync(join(root, path))) continue
    const link = join(folder, 'package', path)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, path), link)
  }
  return join(folder, 'package')
}

t.test('the package starts without a compiler and without devDependencies', async (t) => {
  const folder = unpacked(t)
  const documents = ['README.md', 'PROTOCOL.md', 'CHANGELOG.md', 'LICENSE', 'docs/client.md']
  for (const path of [...documents, 'asyncapi.yaml', 'schemas', 'examples/page.html', 'examples/watch.js']) {
    t.ok(existsSync(join(folder, path)), path)
  }
  for (const path of ['dist/test', 'dist/bench', 'dist/web', 'tsconfig.json', 'node_modules/typescript']) {
    t.notOk(existsSync(join(folder, path)), `no ${path}`)
  }
  t.strictSame(readdirSync(folder).filter((name) => name.endsWith('.ts')), [], 'no sources')
  const hidden = readdirSync(join(folder, 'dist')).filter((name) => name.startsWith('.'))
  t.strictSame(hidden, [], 'nothing that a compiler keeps for itself')

  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { bin: { popcast: string } }
  t.match(readFileSync(join(folder, bin.popcast), 'utf8'), /^#!\/usr\/bin\/env node\n/)
  const env = { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0' }
  const child = spawn('npm', ['start', '--silent'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  // npm has the service as a child.
  t.teardown(() => process.kill(-(child.pid as number), 'SIGKILL'))
  const { write, find } = collectLines()
  createInterface(child.stdout).on('line', write)
  const { msg } = await find(({ msg }) => String(msg).startsWith('Server listening at '))
  const address = String(msg).replace('Server listening at ', '')
  t.equal((await fetch(`${address}/health/live`)).status, 200)

  const options = { cwd: folder, env: { PATH: env.PATH }, encoding: 'utf8' } as const
  const popcast = (args: string[], input = '') =>
    spawnSync(process.execPath, [join(folder, bin.popcast), ...args], { ...options, input })
  t.match(popcast(['--help']), { status: 0, stdout: /serve.*\n.*watch.*\n.*generate.*\n.*detect/, stderr: '' })
  const samples = 'time,pop_code,cold_start_time_ms\n2026-01-01T00:00:00Z,fra1,4.5\n'
  t.match(popcast(['detect', '-'], samples), { status: 0, stdout: '0 regressions in 1 samples of 1 PoPs\n', stderr: '' })
  t.match(popcast(['generate', '--help']), { status: 0, stdout: /npx popcast generate/, stderr: '' })
  t.match(popcast(['watch', '--once', address]), { status: 0, stdout: /LIVE SIMULATED \d+\/20 healthy/, stderr: '' })
})
