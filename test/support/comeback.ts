import { PopcastClient, type ConnectionState, type PopcastOptions } from '../../client/index.ts'
import { portOf, startService, type Service, type Teardown } from './service.ts'

export interface ComebackOptions {
  clients: number
  /** Of the service. */
  env: Record<string, string>
  /** Of each client. */
  options: PopcastOptions
}

export interface Comeback {
  /** When each client was live again, ms after the service could be connected to. */
  liveAt: number[]
  /** What was wrong with what a client was told or holds. */
  faults: string[]
}

/** What one client was told, over both services. */
class Follower {
  readonly client: PopcastClient
  /** Updates in the order in which they were told, as `epoch seq`. */
  readonly told: string[] = []

  constructor (url: string, options: PopcastOptions) {
    this.client = new PopcastClient(url, options)
    this.client.on('overview', () => {
      const { epoch = '', seq = 0 } = this.client.snapshot.history.at(-1) ?? {}
      this.told.push(`${epoch} ${seq}`)
    })
  }

  until (where: (state: ConnectionState) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const off = this.client.on('connection', (state) => {
        if (!where(state)) return
        off()
        resolve()
      })
    })
  }

  * faults (open: ReadonlySet<string>): Iterable<string> {
    if (new Set(this.told).size !== this.told.length) yield 'an update twice'
    for (const seqs of groupBy(this.told).values()) {
      if (seqs.some((seq, index) => seq !== (seqs[0] ?? 0) + index)) yield `a gap: ${seqs}`
    }
    const held = [...this.client.snapshot.alerts.keys()]
    for (const id of held) if (!open.has(id)) yield `a ghost: ${id}`
    if (held.length < open.size) yield `${held.length} of ${open.size} open alerts`
  }
}

function groupBy (told: readonly string[]): Map<string, number[]> {
  const groups = new Map<string, number[]>()
  for (const update of told) {
    const [epoch = '', seq] = update.split(' ')
    groups.set(epoch, [...groups.get(epoch) ?? [], Number(seq)])
  }
  return groups
}

/** Many clients of the library on a service that is killed, and starts again at once on the same port. */
export async function comeBack (t: Teardown, { clients, env, options }: ComebackOptions): Promise<Comeback> {
  const first = startService(t, { DEMO_SEED: '1', MAX_CONNECTIONS: '10000', ...env })
  const port = await portOf(first)
  const followers = Array.from({ length: clients }, () => new Follower(`ws://127.0.0.1:${port}/ws`, options))
  t.teardown(() => { for (const { client } of followers) void client.close() })
  await Promise.all(followers.map(({ client }) => client.ready()))
  await updates(followers, 3)
  const lost = followers.map((follower) => follower.until(({ name }) => name === 'waiting'))
  first.child.kill('SIGKILL')
  await Promise.all(lost)
  const live = followers.map(async (follower) => {
    await follower.until(({ name }) => name === 'live')
    return performance.now()
  })
  const second = await restarted(t, { DEMO_SEED: '1', MAX_CONNECTIONS: '10000', ...env, PORT: String(port) })
  const listeningAt = performance.now()
  const liveAt = (await Promise.all(live)).map((time) => time - listeningAt)
  await updates(followers, 3)
  const open = await openOf(port)
  const faults = followers.flatMap((follower) => [...follower.faults(open)])
  second.child.kill('SIGKILL')
  return { liveAt, faults }
}

/** Resolves when each has been told so many more. */
async function updates (followers: readonly Follower[], count: number): Promise<void> {
  await Promise.all(followers.map(async ({ client }) => {
    let left = count
    const told = client.events('overview')
    while (left-- > 0) await told.next()
    await told.return?.()
  }))
}

async function restarted (t: Teardown, env: Record<string, string>): Promise<Service> {
  const service = startService(t, env)
  await portOf(service)
  return service
}

async function openOf (port: number): Promise<Set<string>> {
  const { open } = await (await fetch(`http://127.0.0.1:${port}/api/regressions`)).json() as { open: Array<{ id: string }> }
  return new Set(open.map(({ id }) => id))
}
