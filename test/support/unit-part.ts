/** The tests that need no service, in one process: on each version of Node that popcast runs on (scripts/on-node.js). */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const tests = new URL('../', import.meta.url)
const FOLDERS = ['lib', 'client', 'generator', 'web']

const files = FOLDERS.flatMap((folder) =>
  readdirSync(new URL(folder, tests), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
  .filter((name) => name.endsWith('.test.js'))
  .sort()
for (const file of ['config.test.js', ...files]) await import(new URL(file, tests).href)
