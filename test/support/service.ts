import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Line } from './fake-log.ts'
import { collectLines } from './log-lines.ts'

/** Where the end of the process is announced: a test, or a script. */
export interface Teardown {
  teardown (end: () => void): void
}

export interface Service {
  child: ChildProcess
  lines: Line[]
  exit: Promise<{ code: number | null, signal: NodeJS.Signals | null }>
  stdout: () => string
  stderr: () => string
  /** Resolves when the output so far matches. @throws when the process ends before */
  output (pattern: RegExp): Promise<void>
  /** The first line for which `where` is true, now or later. @throws when the process ends before */
  logged (where: (line: Line) => boolean): Promise<Line>
}

/**
 * A program of ours in a process of its own; it is ended with the test, by its own process object.
 * @param launcher a command that becomes the one that follows it
 */
export function startProgram (
  t: Teardown,
  file: string,
  args: string[],
  env: Record<string, string | undefined>,
  nodeArguments: string[] = [],
  launcher: string[] = []
): Service {
  const program = [process.execPath, ...nodeArguments, fileURLToPath(new URL(`../../${file}`, import.meta.url)), ...args]
  const [command = '', ...rest] = [...launcher, ...program]
  const child = spawn(command, rest, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  t.teardown(() => child.kill('SIGKILL'))
  const { lines, write, find } = collectLines()
  let errors = ''
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  createInterface(child.stdout).on('line', (line) => {
    if (line.startsWith('{')) write(line)
  })
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const exit = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  const ended = exit.then(({ code }) => {
    throw new Error(`the service ended with ${code}: ${errors}`)
  })
  ended.catch(() => {})
  const logged = (where: (line: Line) => boolean) => Promise.race([find(where), ended])
  const output = async (pattern: RegExp) => {
    while (!pattern.test(text)) await Promise.race([once(child.stdout, 'data'), ended])
  }
  return { child, lines, output, exit, stdout: () => text, stderr: () => errors, logged }
}

/** The real service, on a free port. */
export function startService (t: Teardown, env: Record<string, string | undefined> = {}, nodeArguments: string[] = []): Service {
  return startProgram(t, 'server.js', [], { HOST: '127.0.0.1', PORT: '0', ...env }, nodeArguments)
}

/** The port that a service listens on. */
export async function portOf (service: Service): Promise<number> {
  const { msg } = await service.logged(({ msg }) => String(msg).startsWith('Server listening at '))
  return Number(new URL(String(msg).replace('Server listening at ', '')).port)
}
