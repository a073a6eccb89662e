import { TestClient } from '../test/support/client.ts'
import { findInfluxql, startV1, type Engine } from '../test/support/influxd.ts'
import { portOf, type Service } from '../test/support/service.ts'

const ends: Array<() => void | Promise<void>> = []

/** Ends what a part has started, last first. */
export async function endAll (): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end()
}

/** Where programs announce how they are ended. */
export const scope = { teardown: (end: () => void) => { ends.push(end) } }

export const sleep = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000))

export function report (figure: string, measured: string, goal: string): void {
  console.log(`${figure.padEnd(68)} ${measured.padEnd(26)} ${goal}`)
}

/** Ends programs as an operator does, one after the other. */
export async function stop (...programs: Service[]): Promise<void> {
  for (const { child, exit } of programs) {
    child.kill('SIGTERM')
    await exit
  }
}

/** Clients of a service, all at once; `query` is appended to the URL. */
export async function open (service: Service, count: number, query = ''): Promise<TestClient[]> {
  const port = await portOf(service)
  return Promise.all(Array.from({ length: count }, () => TestClient.open(`ws://127.0.0.1:${port}/ws${query}`)))
}

/** A real database that ends with the script; null, which is reported, where there is none. */
export async function database (figure: string): Promise<Engine | null> {
  const binary = findInfluxql()
  if (binary === null) {
    report(figure, 'not measured: no influxd', '')
    return null
  }
  const engine = await startV1(binary, 'influxql')
  ends.push(() => engine.stop())
  return engine
}
