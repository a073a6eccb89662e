import { readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t from 'tap'
import { load } from '../module-files.ts'
import { connectionsWithin, openFilesLimit, socketsWithin } from '../open-files.ts'

t.test('some files are kept for the process itself', async (t) => {
  const cases: Array<[number, number]> = [[64, 24], [1_024, 984], [10, 1], [Infinity, Infinity]]
  for (const [files, clients] of cases) {
    t.equal(connectionsWithin(files), clients, String(files))
    t.equal(socketsWithin(files), clients + 9, 'there is one to say that there is no room')
  }
})

t.test('the limit is the one that the system tells', async (t) => {
  const limit = openFilesLimit()
  t.ok(limit > 0)
})

t.test('a module of a file is read at once, anything else is left to the loader', async (t) => {
  const url = import.meta.url
  const next = (url: string) => `left: ${url}`
  t.strictSame(
    load(url, { format: 'module' }, next),
    { format: 'module', source: readFileSync(fileURLToPath(url), 'utf8'), shortCircuit: true }
  )
  t.equal(load('node:fs', { format: 'builtin' }, next), 'left: node:fs')
  const file = pathToFileURL('/x.cjs').href
  t.equal(load(file, { format: 'commonjs' }, next), `left: ${file}`)
  t.equal(load(file, { format: undefined }, next), `left: ${file}`)
})
