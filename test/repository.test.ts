import { readFileSync } from 'node:fs'
import t from 'tap'
import { settingsSchema } from '../config.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const lock = JSON.parse(read('package-lock.json')) as {
  packages: Record<string, { version: string, resolved?: string, hasInstallScript?: boolean, dev?: boolean }>
}

t.test('every setting is in the README and in .env.example, with its default', async (t) => {
  const readme = read('README.md')
  const example = read('.env.example')
  for (const [variable, schema] of Object.entries(settingsSchema.properties)) {
    const { default: value } = schema as { default?: unknown }
    t.match(readme, `\`${variable}\``, `${variable} is in the README`)
    t.ok(example.includes(`#${variable}=${value ?? ''}`), `${variable} is in .env.example as ${value}`)
  }
  const known = Object.keys(settingsSchema.properties)
  const named = Array.from(example.matchAll(/^#?([A-Z_]+)=/gm), ([, variable]) => variable)
  t.strictSame(named.filter((variable) => !known.includes(variable as string)), [], 'no other')
})

t.test('versions with known holes do not come back', async (t) => {
  const floors = { ws: '8.23.0', '@fastify/websocket': '11.3.6', fastify: '5.12.8', 'find-my-way': '9.7.0' }
  for (const [name, floor] of Object.entries(floors)) {
    const found = Object.entries(lock.packages).filter(([path]) => path.endsWith(`node_modules/${name}`))
    t.ok(found.length > 0, `${name} is there`)
    for (const [path, { version }] of found) t.ok(compare(version, floor) >= 0, `${path} ${version} is at least ${floor}`)
  }
})

t.test('the lock file names no registry, and nothing runs at install', async (t) => {
  const packages = Object.entries(lock.packages)
  t.ok(packages.length > 50)
  t.strictSame(packages.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path), [])
  // esbuild's only puts a faster launcher in the place of the one it has: it works without.
  const scripted = packages.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path)
  t.strictSame(scripted, ['node_modules/esbuild'])
})

function compare (a: string, b: string): number {
  const parts = (version: string) => version.split('.').map((part) => Number.parseInt(part))
  const [left, right] = [parts(a), parts(b)]
  const index = left.findIndex((part, position) => part !== right[position])
  return index === -1 ? 0 : (left[index] as number) - (right[index] as number)
}
