/** Runs the tests: short for somebody who watches, TAP for a program that reads. Arguments go to tap. */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'

const args = process.argv.slice(2)
const tap = createRequire(import.meta.url).resolve('tap/package.json').replace(/package\.json$/, 'dist/esm/run.mjs')
const reporter = process.stdout.isTTY ? 'terse' : 'tap'
// The floor under coverage is that of the whole suite.
const floor = args.some((arg) => !arg.startsWith('-')) ? ['--allow-incomplete-coverage'] : []
const { status } = spawnSync(process.execPath, [tap, `--reporter=${reporter}`, ...floor, ...args], { stdio: 'inherit' })
process.exitCode = status ?? 1
