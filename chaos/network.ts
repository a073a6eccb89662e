import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { Teardown } from '../test/support/service.ts'

/** Set where this process is in a network of its own. */
const MARK = 'POPCAST_CHAOS_NETWORK'
/** Smallest, first and largest buffer of a socket, bytes: those of a usual machine, 4 MB and more, take long to fill. */
const BUFFERS = { tcp_wmem: '4096 16384 524288', tcp_rmem: '4096 65536 524288' }

export const hasOwnNetwork = process.env[MARK] !== undefined

/** Runs this program again in a network of its own. @returns its exit code; null where there may be none */
export async function inOwnNetwork (): Promise<number | null> {
  const flags = [['--net'], ['--map-root-user', '--net']].find((flags) => spawnSync('unshare', [...flags, 'true']).status === 0)
  if (flags === undefined || spawnSync('ip', ['-V']).status !== 0) return null
  const command = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', process.execPath, ...process.argv.slice(1)]
  const child = spawn('unshare', [...flags, ...command], { stdio: 'inherit', env: { ...process.env, [MARK]: 'own' } })
  const [code] = await once(child, 'exit')
  return code ?? 1
}

/** So that those who do not read are noticed soon. */
export function useSmallBuffers (): void {
  for (const [name, value] of Object.entries(BUFFERS)) writeFileSync(`/proc/sys/net/ipv4/${name}`, value)
}

/** Another network, and a cable to it that can be pulled. */
export class Cable {
  static #made = 0
  readonly near: string
  readonly #far: string
  readonly address: string
  readonly #keeper: number

  private constructor (keeper: number) {
    const number = ++Cable.#made
    this.#keeper = keeper
    this.near = `near${number}`
    this.#far = `far${number}`
    this.address = `10.199.${number}.1`
  }

  static async lay (t: Teardown): Promise<Cable> {
    const keeper = spawn('unshare', ['--net', 'sh', '-c', 'echo; exec sleep 600'], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.teardown(() => keeper.kill('SIGKILL'))
    await once(keeper.stdout, 'data')
    const cable = new Cable(keeper.pid ?? 0)
    ip('link', 'add', cable.near, 'type', 'veth', 'peer', 'name', cable.#far, 'netns', String(keeper.pid))
    ip('addr', 'add', `${cable.address}/24`, 'dev', cable.near)
    ip('link', 'set', cable.near, 'up')
    cable.#there('addr', 'add', cable.address.replace(/1$/, '2/24'), 'dev', cable.#far)
    cable.#there('link', 'set', cable.#far, 'up')
    return cable
  }

  /** A command that becomes a program at the other end. */
  get launcher (): string[] {
    return ['nsenter', `--net=/proc/${this.#keeper}/ns/net`]
  }

  /** Nothing arrives any more, and nothing says so. */
  pull (): void {
    this.#there('link', 'set', this.#far, 'down')
  }

  #there (...args: string[]): void {
    run([...this.launcher, 'ip', ...args])
  }
}

function ip (...args: string[]): void {
  run(['ip', ...args])
}

function run ([command = '', ...args]: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
}
