import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import t from 'tap'
import { loadConfig, settingsSchema } from '../../config.ts'
import type { Teardown } from '../support/service.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = join(root, 'deploy/systemd')
const unit = readFileSync(join(folder, 'popcast.service'), 'utf8')
const isMissing = spawnSync('systemd-analyze', ['--version']).error !== undefined
const skip = isMissing && process.env.TEST_REQUIRE_SYSTEMD === undefined ? 'no systemd-analyze (package systemd)' : false
/** Of 100; what is left are the network, which it is for, and a compiler that makes code. */
const MOST_EXPOSURE = 20
/** Between the deadline of the drain and the one of the process, as server.ts has it. */
const CLOSE_SLACK_MS = 5_000

/** Values of a name, in order. */
const valuesOf = (name: string) => Array.from(unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm')), ([, value = '']) => value)
const numberOf = (name: string) => Number(valuesOf(name).at(-1))

/** As it would be installed, but with the Node that is here. */
function installed (t: Teardown): string {
  const place = mkdtempSync(join(tmpdir(), 'popcast-systemd-'))
  t.teardown(() => rmSync(place, { recursive: true }))
  const file = join(place, 'popcast.service')
  writeFileSync(file, unit.replace('/usr/bin/node', process.execPath))
  return file
}

t.test('systemd takes the unit, without a word', { skip }, async (t) => {
  const verify = (file: string) => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })
    return { status, output: stdout + stderr }
  }
  const file = installed(t)
  t.strictSame(verify(file), { status: 0, output: '' })
  // That it can say something.
  writeFileSync(file, unit.replace('UMask=0077', 'UMask=rw\nLimitFiles=1'))
  t.match(verify(file).output, /mode value, ignoring: rw(.|\n)*'LimitFiles'/)
})

t.test('a service that is broken into reaches little', { skip }, async (t) => {
  const args = ['security', '--offline=yes', '--no-pager', `--threshold=${MOST_EXPOSURE}`, installed(t)]
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' })
  t.strictSame({ status, stderr }, { status: 0, stderr: '' }, stdout.trim().split('\n').at(-1)!)
})

t.test('the unit fits the program and its settings', async (t) => {
  const environment = [...valuesOf('Environment'), ...valuesOf('#Environment')].map((entry) => entry.split('=')[0]!)
  const file = parseEnv(readFileSync(join(folder, 'popcast.env'), 'utf8'))
  for (const variable of [...environment, ...Object.keys(file)]) {
    t.ok(variable === 'NODE_ENV' || Object.hasOwn(settingsSchema.properties, variable), variable)
  }
  const config = loadConfig({ ...file, HOST: '0.0.0.0' })
  t.ok(numberOf('TimeoutStopSec') * 1_000 > config.DRAIN_DELAY_MS + config.DRAIN_TIMEOUT_MS + CLOSE_SLACK_MS, 'the drain fits')
  t.ok(numberOf('LimitNOFILE') > config.MAX_CONNECTIONS + 1_000, 'each client is an open file')
  const [, , script = ''] = /^(\S+) (\S+) serve$/.exec(valuesOf('ExecStart')[0]!) ?? []
  const path = script.replace('/opt/popcast/node_modules/popcast/', '')
  t.ok(path === 'dist/popcast.js' && existsSync(join(root, path)), path)
})
