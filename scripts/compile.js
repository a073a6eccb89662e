/**
 * Compiles what changed since the last time, into dist/. JavaScript, because Node 20 runs no TypeScript, and with a folder as
 * its only argument, so that a test can try it on another one.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative, resolve } from 'node:path'

/** Where tsc keeps what it knows; see tsBuildInfoFile. In dist/, so that both go together. */
const BUILD_INFO = '.tsbuildinfo'

const root = resolve(process.argv[2] ?? '.')
const dist = join(root, 'dist')

// The packed package brings its dist/ along, neither sources nor a compiler.
if (existsSync(join(root, 'tsconfig.json'))) {
  if (outputIsMissing()) rmSync(join(dist, BUILD_INFO), { force: true })
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', root], { stdio: 'inherit' })
  // null: killed by a signal.
  process.exitCode = status ?? 1
  removeStale(dist)
}

/** tsc trusts its build info and does not look whether what it wrote is still there. */
function outputIsMissing () {
  return sources(root).some((source) => !existsSync(join(dist, source.replace(/\.ts$/, '.js'))))
}

function sources (folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    const ignored = ['node_modules', 'dist'].includes(entry.name) || entry.name.startsWith('.')
    if (entry.isDirectory()) return ignored ? [] : sources(path)
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts') ? [relative(root, path)] : []
  })
}

/** tsc never removes: the tests of a source that is gone would go on running. */
function removeStale (folder) {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) removeStale(path)
    else if (entry.name !== BUILD_INFO && !existsSync(sourceOf(path))) rmSync(path)
  }
  if (folder !== dist && readdirSync(folder).length === 0) rmdirSync(folder)
}

function sourceOf (output) {
  return join(root, relative(dist, output)).replace(/\.(js|js\.map|d\.ts)$/, '.ts')
}
