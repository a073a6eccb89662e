import type { ServerMessage } from '../../lib/protocol/server-messages.ts'
import { Account } from './account.ts'
import { TestClient } from './client.ts'
import type { Line } from './fake-log.ts'
import { Redis, Way } from './redis.ts'
import { portOf, startService, type Service, type Teardown } from './service.ts'
import { SimulatedDatabase } from './simulated-database.ts'

export const INTERVAL_MS = 1_000

/** One process of a fleet, and its own way to the engine. */
export class FleetInstance {
  readonly number: number
  readonly way: Way
  service: Service
  port = 0
  readonly #start: () => Service
  /** Of the processes before. */
  readonly #before: Line[] = []

  constructor (number: number, way: Way, start: () => Service) {
    this.number = number
    this.way = way
    this.#start = start
    this.service = start()
  }

  /** Resolves when it is ready. */
  async ready (): Promise<void> {
    this.port = await portOf(this.service)
    while (!(await this.get('/health/ready')).ok) await new Promise((resolve) => setTimeout(resolve, 50))
  }

  get lines (): Line[] {
    return [...this.#before, ...this.service.lines]
  }

  get (path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, { signal: AbortSignal.timeout(10_000) })
  }

  // What of it is looked at is for each to say.
  async json (path: string): Promise<any> {
    return (await this.get(path)).json()
  }

  async end (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.service.child.kill(signal)
    await this.service.exit
  }

  async again (): Promise<void> {
    this.#before.push(...this.service.lines)
    this.service = this.#start()
    await this.ready()
  }
}

/** Several instances on one engine and one database. */
export class Fleet {
  readonly redis: Redis
  readonly database: SimulatedDatabase
  readonly instances: readonly FleetInstance[]
  /** What was told by whichever instance, by epoch and seq. */
  readonly told = new Map<string, string>()
  readonly listeners: Listener[] = []

  private constructor (redis: Redis, database: SimulatedDatabase, instances: readonly FleetInstance[]) {
    this.redis = redis
    this.database = database
    this.instances = instances
  }

  static async start (
    t: Teardown,
    { size = 3, persists = true, clients = 6 }: { size?: number, persists?: boolean, clients?: number } = {}
  ): Promise<Fleet> {
    const redis = await Redis.start(t, { persists })
    const database = await SimulatedDatabase.start(t)
    database.slowSince = Date.now()
    const instances: FleetInstance[] = []
    for (let number = 0; number < size; number++) {
      const way = await Way.to(t, redis)
      instances.push(new FleetInstance(number, way, () => startService(t, {
        ...database.env,
        BROADCAST_INTERVAL_MS: String(INTERVAL_MS),
        QUERY_TIMEOUT_MS: '900',
        DRAIN_TIMEOUT_MS: '500',
        CLUSTER_URL: way.url
      })))
    }
    const fleet = new Fleet(redis, database, instances)
    t.teardown(() => { for (const listener of fleet.listeners) listener.stop() })
    await Promise.all(instances.map((instance) => instance.ready()))
    for (let number = 0; number < clients; number++) fleet.listen(number % size)
    await Promise.all(fleet.listeners.map((listener) => listener.until(() => listener.last > 0)))
    return fleet
  }

  listen (instance: number): Listener {
    const listener = new Listener(this, instance)
    this.listeners.push(listener)
    return listener
  }

  get leader (): FleetInstance {
    const events = this.instances.flatMap((instance) => instance.lines
      .filter(({ event }) => event === 'leads')
      .map(({ term }) => ({ instance, term: Number(term) })))
    const last = events.sort((a, b) => a.term - b.term).at(-1)
    if (last === undefined) throw new Error('nobody has led yet')
    return last.instance
  }

  get followers (): FleetInstance[] {
    const { leader } = this
    return this.instances.filter((instance) => instance !== leader)
  }

  /** Resolves when everybody was told so many updates more. */
  async updates (count: number): Promise<void> {
    const newest = Math.max(...this.listeners.map(({ last }) => last))
    await Promise.all(this.listeners.map((listener) => listener.until(() => listener.last >= newest + count)))
  }

  /** Resolves when a regression is open for all. */
  async regressed (): Promise<void> {
    await Promise.all(this.listeners.map((listener) => listener.until(() => listener.open.size > 0)))
  }
}

/** One client, over however many connections, to whichever instance is there. */
export class Listener extends Account {
  connects = 0
  instance: number
  client: TestClient | null = null
  #stopped = false
  readonly #fleet: Fleet

  constructor (fleet: Fleet, instance: number) {
    super(fleet.told)
    this.#fleet = fleet
    this.instance = instance
    void this.#run()
  }

  stop (): void {
    this.#stopped = true
    this.client?.socket.terminate()
  }

  async #run (): Promise<void> {
    while (!this.#stopped) {
      const { instances } = this.#fleet
      const instance = instances[this.instance % instances.length]
      try {
        const { port } = instance ?? { port: 0 }
        const url = `ws://127.0.0.1:${port}/ws?topics=metrics,alerts${this.position}`
        const client = await TestClient.open(url, { handshakeTimeout: 5_000 })
        this.client = client
        this.connects++
        for (const message of client.received) this.take(message)
        client.socket.on('message', (data) => this.take(JSON.parse(String(data)) as ServerMessage))
        await client.closed
      } catch {}
      this.instance++
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
