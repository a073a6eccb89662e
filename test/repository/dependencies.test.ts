import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const root = fileURLToPath(new URL('../../../', import.meta.url))

interface Locked { version?: string, hasInstallScript?: boolean, dev?: boolean, resolved?: string, link?: boolean }
const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as { packages: Record<string, Locked> }
const installed = Object.entries(packages).filter(([path]) => path.startsWith('node_modules/'))

/** What was wrong below is known to everybody. */
const floors: Array<{ name: string, floor: string, why: string }> = [
  { name: 'fastify', floor: '5.12.8', why: 'hop counts of trustProxy, and requests that hang' },
  { name: 'find-my-way', floor: '9.7.0', why: 'GHSA-c96f-x56v-gq3h' },
  { name: 'ws', floor: '8.23.0', why: 'fragments without a bound' },
  { name: '@fastify/websocket', floor: '11.3.6', why: 'upgrades that are refused and stay open' },
  { name: 'jose', floor: '6.0.0', why: 'keys that do not fit their algorithm' }
]

const numbersOf = (version: string) => version.split('-')[0]!.split('.').map(Number)
/** Negative: `version` is older. */
function compare (version: string, floor: string): number {
  const [one, other] = [numbersOf(version), numbersOf(floor)]
  return one.map((number, index) => number - (other[index] ?? 0)).find((difference) => difference !== 0) ?? 0
}

for (const { name, floor, why } of floors) {
  t.test(`${name} is at least ${floor}: ${why}`, async (t) => {
    const found = installed.filter(([path]) => path.endsWith(`node_modules/${name}`))
    t.ok(found.length > 0)
    for (const [path, { version = '' }] of found) t.ok(compare(version, floor) >= 0, `${path} ${version}`)
  })
}

t.test('versions are compared by their numbers', async (t) => {
  t.ok(compare('8.9.0', '8.23.0') < 0)
  t.ok(compare('10.0.0', '9.7.0') > 0)
  t.equal(compare('5.12.8', '5.12.8'), 0)
})

t.test('what is installed comes from whichever registry there is, and runs nothing when it is', async (t) => {
  const named = installed.filter(([, { resolved, link }]) => link !== true && resolved !== undefined)
  t.strictSame(named.map(([path]) => path), [])
  const running = installed.filter(([, { dev, hasInstallScript }]) => dev !== true && hasInstallScript === true)
  t.strictSame(running.map(([path]) => path), [])
})
