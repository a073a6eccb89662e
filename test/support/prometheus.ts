import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Teardown } from './service.ts'

export const promtool = process.env.TEST_PROMTOOL ?? 'promtool'
const prometheus = process.env.TEST_PROMETHEUS ?? 'prometheus'
const alertmanager = process.env.TEST_ALERTMANAGER ?? 'prometheus-alertmanager'

const isMissing = (binary: string) => spawnSync(binary, ['--version']).error !== undefined

/** For tap's `skip`. `TEST_REQUIRE_PROMETHEUS` and `TEST_REQUIRE_ALERTMANAGER` make their absence a failure instead. */
export const skipWithoutPrometheus =
  process.env.TEST_REQUIRE_PROMETHEUS === undefined && (isMissing(promtool) || isMissing(prometheus))
    ? 'no promtool and prometheus (package prometheus, or TEST_PROMTOOL and TEST_PROMETHEUS)'
    : false
export const skipWithoutAlertmanager =
  process.env.TEST_REQUIRE_ALERTMANAGER === undefined && isMissing(alertmanager)
    ? 'no Alertmanager (package prometheus-alertmanager, or TEST_ALERTMANAGER)'
    : false

/** A folder that goes with the test. */
export function temporaryFolder (t: Teardown): string {
  const folder = mkdtempSync(join(tmpdir(), 'popcast-prometheus-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

/** Runs promtool. @returns its exit code and all that it says */
export function runPromtool (args: string[], input?: string): { status: number | null, output: string } {
  const { status, stdout, stderr } = spawnSync(promtool, args, { encoding: 'utf8', ...(input !== undefined && { input }) })
  return { status, output: `${stdout}${stderr}` }
}

export interface Server {
  url: string
  child: ChildProcess
  stop (): Promise<void>
}

/** A Prometheus that scrapes `target` each second. */
export async function startPrometheus (t: Teardown, target: string): Promise<Server> {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'prometheus.yml'), `
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: popcast
    static_configs: [{ targets: ['${target}'] }]
`)
  const args = [
    `--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`,
    '--web.listen-address=127.0.0.1:0', '--log.format=json'
  ]
  return start(t, prometheus, args, /"address":"(127\.0\.0\.1:\d+)","[^}]*"msg":"Listening on"/)
}

/** An Alertmanager that tells nobody, on a port that it is free to choose unless one is named. */
export async function startAlertmanager (t: Teardown, port = 0): Promise<Server> {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'alertmanager.yml'), 'route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n')
  const args = [
    `--config.file=${join(folder, 'alertmanager.yml')}`, `--storage.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address=', '--log.format=json'
  ]
  return start(t, alertmanager, args, /"address":"(127\.0\.0\.1:\d+)","[^}]*"msg":"Listening on"/)
}

async function start (t: Teardown, binary: string, args: string[], listening: RegExp): Promise<Server> {
  const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }
  t.teardown(stop)
  const lines: string[] = []
  for await (const line of createInterface(child.stderr)) {
    lines.push(line)
    const address = listening.exec(line)?.[1]
    if (address === undefined) continue
    child.stderr.resume()
    return { url: `http://${address}`, child, stop }
  }
  throw new Error(`${binary} did not start:\n${lines.join('\n')}`)
}

/** An alert as Alertmanager tells it. */
export interface ToldAlert {
  labels: Record<string, string>
  annotations: Record<string, string>
  startsAt: string
  endsAt: string
  generatorURL: string
  status: { state: string }
}

/** Those that fire now. */
export async function firing ({ url }: Server): Promise<ToldAlert[]> {
  return (await fetch(`${url}/api/v2/alerts`)).json() as Promise<ToldAlert[]>
}

/** Asks until the answer is what was waited for: neither server says of itself when it has taken something. */
export async function eventually<T> (ask: () => Promise<T>, isIt: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (isIt(answer)) return answer
  }
}
