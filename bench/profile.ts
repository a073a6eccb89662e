import { readFileSync } from 'node:fs'

interface CpuProfile {
  nodes: Array<{ id: number, callFrame: { functionName: string, url: string } }>
  samples: number[]
  timeDeltas: number[]
}

const LINES = 12

/** Where a server's time went: functions by the time spent in themselves, as shares of the time it was not idle. */
export function hottest (file: string): string[] {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url } }) => [id, `${functionName} ${url.split('/').slice(-2).join('/')}`.trim()])
  )
  const microseconds = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) as string
    microseconds.set(name, (microseconds.get(name) ?? 0) + (timeDeltas[index] as number))
  }
  microseconds.delete('(idle)')
  const busy = Array.from(microseconds.values()).reduce((sum, time) => sum + time, 0)
  return Array.from(microseconds)
    .sort(([, a], [, b]) => b - a)
    .slice(0, LINES)
    .map(([name, time]) => `  ${(time / busy * 100).toFixed(1).padStart(5)} %  ${name}`)
}
