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
/** The page: it is checked with what a browser has, and bundled. */
const web = join(root, 'web')
/** What is in dist/ without a source of its own. */
const BUNDLED = join(dist, 'page')

// The packed package brings its dist/ along, neither sources nor a compiler.
if (existsSync(join(root, 'tsconfig.json'))) {
  if (outputIsMissing()) rmSync(join(dist, BUILD_INFO), { force: true })
  process.exitCode = typeCheck(root)
  removeStale(dist)
  if (process.exitCode === 0 && existsSync(web)) {
    process.exitCode = typeCheck(web)
    const { buildPage } = await import('./page.js')
    await buildPage(root)
  }
}

/** @returns its exit status */
function typeCheck (project) {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', project], { stdio: 'inherit' })
  // null: killed by a signal.
  return status ?? 1
}

/** tsc trusts its build info and does not look whether what it wrote is still there. */
function outputIsMissing () {
  return sources(root).some((source) => !existsSync(join(dist, source.replace(/\.ts$/, '.js'))))
}

function sources (folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    const ignored = path === web || ['node_modules', 'dist'].includes(entry.name) || entry.name.startsWith('.')
    if (entry.isDirectory()) return ignored ? [] : sources(path)
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts') ? [relative(root, path)] : []
  })
}

/** tsc never removes: the tests of a source that is gone would go on running. */
function removeStale (folder) {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (path === BUNDLED) continue
    if (entry.isDirectory()) removeStale(path)
    else if (!entry.name.endsWith('.tsbuildinfo') && !existsSync(sourceOf(path))) rmSync(path)
  }
  if (folder !== dist && readdirSync(folder).length === 0) rmdirSync(folder)
}

function sourceOf (output) {
  return join(root, relative(dist, output)).replace(/\.(js|js\.map|d\.ts)$/, '.ts')
}
