import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { parse } from 'yaml'
import { freePort } from '../support/free-port.ts'
import { collectLines } from '../support/log-lines.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const dockerfile = readFileSync(`${root}Dockerfile`, 'utf8').replace(/\\\n/g, ' ')
const [, build = '', image = ''] = dockerfile.split(/^FROM /m)

/** The arguments of an instruction, which has to be in the exec form: there is no shell that would take another one. */
function argumentsOf (instruction: string): string[] {
  const [, text = ''] = new RegExp(`^${instruction}(?: --\\S+)*(?: +CMD)? (.*)$`, 'm').exec(image) ?? []
  const args = JSON.parse(text) as string[]
  t.ok(args.length > 0 && args.every((arg) => typeof arg === 'string'))
  return args
}

/** With the Node that runs the tests in the place of the image's. */
const run = ([command, ...args]: string[]) => [command === 'node' ? process.execPath : `${command}`, ...args] as const

t.test('what the image begins with serves, is found well, and ends by a signal', async (t) => {
  const [command, ...args] = run([...argumentsOf('ENTRYPOINT'), ...argumentsOf('CMD')])
  const [, environment = ''] = /^ENV (.*)$/m.exec(image) ?? []
  const given = Object.fromEntries(environment.split(' ').map((pair) => pair.split('=') as [string, string]))
  t.match(given, { NODE_ENV: 'production', HOST: '0.0.0.0', PORT: '3001' })
  const env = { ...given, HOST: '127.0.0.1', PORT: String(await freePort()), AUTH: 'none' }
  const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const { write, find } = collectLines()
  createInterface(child.stdout).on('line', write)
  await find(({ msg }) => String(msg).startsWith('Server listening at '))
  const [probe, ...probeArguments] = run(argumentsOf('HEALTHCHECK'))
  const probed = () => spawnSync(probe, probeArguments, { env }).status
  t.equal(probed(), 0)
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  t.strictSame(await exit, [0, null])
  t.equal(probed(), 1)
})

t.test('it is not root, even to who asks only for the number, and is signalled as it expects', async (t) => {
  t.match(image, /^USER 1000:1000$/m)
  t.match(image, /^STOPSIGNAL SIGTERM$/m)
  t.notMatch(image, /^RUN /m, 'nothing is run in what is shipped')
  t.match(build, /^RUN npm ci --ignore-scripts$/m)
})

t.test('the commands of the compose file are those of the program', async (t) => {
  const { services } = parse(readFileSync(`${root}docker-compose.yml`, 'utf8'), { merge: true }) as
    { services: Record<string, { build?: string, command?: string[] }> }
  const ours = Object.values(services).filter(({ build }) => build !== undefined)
  t.equal(ours.length, 2)
  for (const { command = ['serve'] } of ours) {
    const [node, ...args] = run([...argumentsOf('ENTRYPOINT'), command[0]!, '--help'])
    t.equal(spawnSync(node, args, { cwd: root }).status, 0, command[0]!)
  }
})
