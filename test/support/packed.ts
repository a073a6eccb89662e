import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Teardown } from './service.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
/** What npm says when nobody can be asked for a package, and none of an earlier time is kept. */
const NO_REGISTRY = /E(NOTFOUND|AI_AGAIN|CONNREFUSED|TIMEDOUT|NOTCACHED|NETUNREACH)/

/** Of whoever installs: not what npm itself hands on to scripts, such as where they were begun. */
const INSTALLS_WITH = ['PATH', 'HOME', 'NODE_EXTRA_CA_CERTS', 'npm_config_registry', 'npm_config_cafile']
const installEnv = Object.fromEntries(INSTALLS_WITH.map((name) => [name, process.env[name]]))

/** For programs of the package: nothing of ours is in it but the Node that runs the tests, which launchers find first. */
export const packedEnv = { ...installEnv, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` }

export interface Packed {
  /** The tarball, and what is in it, by path with bytes. */
  tarball: string
  files: Map<string, number>
}

/** As `npm publish` would have it; compiled it is already, and these tests run in that. */
export function pack (t: Teardown): Packed {
  const folder = mkdtempSync(join(tmpdir(), 'popcast-pack-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const [{ filename, files }] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' })) as
    [{ filename: string, files: Array<{ path: string, size: number }> }]
  return { tarball: join(folder, filename), files: new Map(files.map(({ path, size }) => [path, size])) }
}

/**
 * Installs it in an empty folder, without devDependencies and without running anybody's scripts.
 * @returns the folder, or why nothing could be had, unless TEST_REQUIRE_REGISTRY is set
 */
export function install (t: Teardown, { tarball }: Packed): { folder: string } | { missing: string } {
  const folder = mkdtempSync(join(tmpdir(), 'popcast-installed-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  mkdirSync(join(folder, 'empty'))
  const cwd = join(folder, 'empty')
  const args = ['install', tarball, '--omit=dev', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
  const { status, stderr } = spawnSync('npm', args, { cwd, env: installEnv, encoding: 'utf8' })
  if (status === 0) return { folder: cwd }
  if (process.env.TEST_REQUIRE_REGISTRY === undefined && NO_REGISTRY.test(stderr)) return { missing: 'no registry of packages' }
  throw new Error(`npm install: ${stderr}`)
}

/** `npx popcast ...` there; npx is told to fetch nothing. */
export function npx (folder: string, args: string[], env: Record<string, string> = {}, input = ''): SpawnSyncReturns<string> {
  const options = { cwd: folder, env: { ...packedEnv, ...env }, encoding: 'utf8', input } as const
  return spawnSync('npx', ['--no', '--', 'popcast', ...args], options)
}
