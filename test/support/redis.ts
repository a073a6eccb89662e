import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { systemClock } from '../../lib/clock.ts'
import { RedisConnection } from '../../lib/cluster/redis/connection.ts'
import { freePort } from './free-port.ts'
import type { Teardown } from './service.ts'

const BINARY = process.env.TEST_REDIS_SERVER ?? 'redis-server'

/** Why there is none; null: there is. CI requires one. */
export function noRedis (): string | null {
  if (spawnSync(BINARY, ['--version']).status === 0) return null
  if (process.env.TEST_REQUIRE_REDIS !== undefined) throw new Error(`${BINARY} is required and not there`)
  return 'no redis-server here'
}

/** A real engine on a free port of 127.0.0.1, which can be stopped, killed and started again there. */
export class Redis {
  readonly port: number
  readonly #folder: string
  readonly #persists: boolean
  readonly #settings: readonly string[]
  #child: ChildProcess | null = null

  private constructor (port: number, folder: string, persists: boolean, settings: readonly string[]) {
    this.#settings = settings
    this.port = port
    this.#folder = folder
    this.#persists = persists
  }

  /**
   * @param persists every write is on disk before it is answered; else nothing ever is
   * @param settings further arguments, of the folder of its own
   */
  static async start (
    t: Teardown,
    { persists = false, settings = () => [] }: { persists?: boolean, settings?: (folder: string) => string[] } = {}
  ): Promise<Redis> {
    const folder = mkdtempSync(join(tmpdir(), 'redis-'))
    const redis = new Redis(await freePort(), folder, persists, settings(folder))
    t.teardown(async () => {
      await redis.kill()
      rmSync(folder, { recursive: true, force: true })
    })
    await redis.start()
    return redis
  }

  get url (): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Sends commands as somebody with a hand of their own in it would. */
  commands (t: Teardown): (...words: string[]) => Promise<unknown> {
    const connection = new RedisConnection({ url: this.url, clock: systemClock })
    t.teardown(() => connection.close())
    return (...words) => connection.send(words, 1_000)
  }

  async start (): Promise<void> {
    const persistence = this.#persists ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']
    const place = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder]
    const args = [...place, '--save', '', ...persistence, ...this.#settings]
    const child = spawn(BINARY, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#child = child
    let said = ''
    for await (const line of createInterface(child.stdout)) {
      said = line
      if (line.includes('Ready to accept connections')) break
    }
    if (!said.includes('Ready')) throw new Error(`${BINARY} did not start: ${said}`)
    child.stdout.resume()
  }

  async kill (): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  freeze (): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw (): void {
    this.#child?.kill('SIGCONT')
  }

  /** As its files are now; `restore` puts them back in the place of what came since. It must not run then. */
  backup (): void {
    rmSync(this.#copy, { recursive: true, force: true })
    mkdirSync(this.#copy)
    if (existsSync(this.#files)) cpSync(this.#files, this.#copy, { recursive: true })
  }

  restore (): void {
    rmSync(this.#files, { recursive: true, force: true })
    cpSync(this.#copy, this.#files, { recursive: true })
  }

  get #files (): string {
    return join(this.#folder, 'appendonlydir')
  }

  get #copy (): string {
    return join(this.#folder, 'copy')
  }
}

/** The way to the engine, which can be cut in the ways that networks are. */
export class Way {
  readonly #server = createServer((socket) => this.#take(socket))
  readonly #pairs = new Set<[Socket, Socket]>()
  #target: number
  /** `silent`: what is sent does not arrive, and nothing says so; `answers lost`: what is asked is done. */
  state: 'open' | 'silent' | 'answers lost' | 'reset' = 'open'

  private constructor (target: number) {
    this.#target = target
  }

  static async to (t: Teardown, { port }: Redis): Promise<Way> {
    const way = new Way(port)
    way.#server.listen(0, '127.0.0.1')
    t.teardown(() => way.close())
    await once(way.#server, 'listening')
    return way
  }

  get url (): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Who connects from now on comes to that one; who is connected stays where it is. */
  lead ({ port }: Redis): void {
    this.#target = port
  }

  set (state: Way['state']): void {
    this.state = state
    // What hung is lost: on a real network the connections are given up.
    if (state === 'reset' || state === 'open') this.#drop()
  }

  close (): void {
    this.#drop()
    this.#server.close()
  }

  #drop (): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
    this.#pairs.clear()
  }

  #take (socket: Socket): void {
    socket.on('error', () => {})
    if (this.state === 'reset') {
      socket.resetAndDestroy()
      return
    }
    const engine = connect(this.#target, '127.0.0.1')
    engine.on('error', () => {})
    const pair: [Socket, Socket] = [socket, engine]
    this.#pairs.add(pair)
    socket.on('data', (chunk) => { if (this.state !== 'silent') engine.write(chunk) })
    engine.on('data', (chunk) => { if (this.state === 'open') socket.write(chunk) })
    for (const end of pair) {
      end.on('close', () => {
        this.#pairs.delete(pair)
        for (const other of pair) other.destroy()
      })
    }
  }
}
