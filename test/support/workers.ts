import { existsSync, readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { TestClient } from './client.ts'
import { eventually } from './eventually.ts'
import type { Line } from './fake-log.ts'
import { portOf, startService, type Service } from './service.ts'

/** One service of several processes. */
export interface WorkersService {
  service: Service
  port: number
  /** Over a connection of its own, so that whichever worker takes it answers. */
  get (path: string): Promise<Response>
  // What of it is looked at is for each to say.
  json (path: string): Promise<any>
  /** The process of the newest worker of this number. */
  pidOf (worker: number): number
  /** Resolves when so many workers listen, over all that were started. */
  listening (count: number): Promise<void>
}

const isListening = ({ msg }: Line) => String(msg).startsWith('Server listening at ')

export async function startWorkers (
  t: Test,
  env: Record<string, string> = {},
  nodeArguments: string[] = []
): Promise<WorkersService> {
  const service = startService(t, { WORKERS: '2', ...env }, nodeArguments)
  const port = await portOf(service)
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } })
  const listening = async (count: number) => {
    const seen = new Set<Line>()
    while (seen.size < count) seen.add(await service.logged((line) => isListening(line) && !seen.has(line)))
  }
  const pidOf = (worker: number) =>
    Number(service.lines.findLast((line) => line.event === 'worker_started' && line.worker === worker)?.workerPid)
  await listening(Number(env.WORKERS ?? 2))
  return { service, port, get, json: async (path) => (await get(path)).json(), pidOf, listening }
}

/**
 * Opens clients until each of so many workers has one: which of them takes a connection nobody can say. Tries again where one is
 * refused: a worker has not read the log yet, or one of them had so many that there was room for no more.
 */
export async function clientsOfEach (port: number, workers: number, query = ''): Promise<TestClient[]> {
  const clients: TestClient[] = []
  await eventually(async () => {
    const instances = new Set<string>()
    try {
      while (instances.size < workers) {
        const client = await TestClient.open(`ws://127.0.0.1:${port}/ws${query}`)
        clients.push(client)
        instances.add(await instanceOf(client))
      }
      return true
    } catch {
      for (const client of clients.splice(0)) client.socket.terminate()
      return false
    }
  })
  return clients
}

export async function instanceOf (client: TestClient): Promise<string> {
  const welcome = client.received.find(({ type }) => type === 'welcome') ?? await client.next('welcome')
  return (welcome as { instance: string }).instance
}

/** The value of one series. */
export function seriesOf (exposition: string, name: string): number {
  const line = exposition.split('\n').find((text) => text.startsWith(`${name} `))
  return Number(line?.slice(name.length + 1))
}

/** Whether there is such a process; one that nobody has asked how it ended is none. */
export function isRunning (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !existsSync(`/proc/${pid}/stat`) || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
