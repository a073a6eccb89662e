import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Teardown } from '../support/service.ts'

const script = fileURLToPath(new URL('../../../scripts/compile.js', import.meta.url))
const compilerOptions = {
  module: 'NodeNext', rootDir: '.', outDir: 'dist', incremental: true, tsBuildInfoFile: 'dist/.tsbuildinfo', types: []
}

function project (t: Teardown) {
  const folder = mkdtempSync(join(tmpdir(), 'compile-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const at = (path: string) => join(folder, path)
  mkdirSync(at('lib'))
  writeFileSync(at('package.json'), '{ "type": "module" }')
  writeFileSync(at('tsconfig.json'), JSON.stringify({ compilerOptions, include: ['**/*.ts'], exclude: ['dist'] }))
  writeFileSync(at('a.ts'), 'export const a: number = 1\n')
  writeFileSync(at('lib/b.ts'), 'export const b: number = 1\n')
  return { at, compile: () => spawnSync(process.execPath, [script, folder], { encoding: 'utf8' }).status }
}

t.test('what did not change is not written again', async (t) => {
  const { at, compile } = project(t)
  t.equal(compile(), 0)
  const { mtimeMs } = statSync(at('dist/a.js'))
  t.equal(compile(), 0)
  t.equal(statSync(at('dist/a.js')).mtimeMs, mtimeMs)
})

t.test('the output of a source that is gone is removed, with its folder', async (t) => {
  const { at, compile } = project(t)
  compile()
  rmSync(at('lib'), { recursive: true })
  t.equal(compile(), 0)
  t.notOk(existsSync(at('dist/lib')))
  t.ok(existsSync(at('dist/a.js')))
})

t.test('an output that is missing is written again', async (t) => {
  const { at, compile } = project(t)
  compile()
  rmSync(at('dist/lib/b.js'))
  t.equal(compile(), 0)
  t.ok(existsSync(at('dist/lib/b.js')))
})

t.test('a type error fails, also the second time', async (t) => {
  const { at, compile } = project(t)
  writeFileSync(at('a.ts'), "export const a: number = ''\n")
  t.not(compile(), 0)
  t.not(compile(), 0)
})

t.test('where there is no tsconfig.json, nothing happens', async (t) => {
  const { at, compile } = project(t)
  rmSync(at('tsconfig.json'))
  t.equal(compile(), 0)
  t.notOk(existsSync(at('dist')))
})
