import { execFileSync, spawn, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, createReadStream, openSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Teardown } from './service.ts'

export type Stdout = 'pipe' | number

/** A real pipe, of 64 KiB: the 'pipe' of spawn is a socket. Nobody reads it until `readAll`. */
export function fifo (t: { testdir (): string }) {
  const path = join(t.testdir(), 'stdout')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY)
  const closeWriter = () => closeSync(writer)
  const readAll = () => {
    const blocking = createReadStream(path)
    blocking.once('open', () => closeSync(reader))
    return text(blocking)
  }
  return { writer, reader, closeWriter, readAll }
}

export function run (
  t: Teardown, file: string, args: string[], stdout: Stdout, env: NodeJS.ProcessEnv = {}, nodeArguments: string[] = []
) {
  const stdio: StdioOptions = ['ignore', stdout, 'pipe']
  const path = fileURLToPath(new URL(`../../${file}`, import.meta.url))
  const child = spawn(process.execPath, [...nodeArguments, path, ...args], { env: { PATH: process.env.PATH, ...env }, stdio })
  t.teardown(() => child.kill('SIGKILL'))
  let errors = ''
  child.stderr?.on('data', (chunk) => { errors += chunk })
  const exit = once(child, 'exit')
  const ended = exit.then(([code, signal]) => { throw new Error(`it ended with ${code ?? signal}: ${errors}`) })
  ended.catch(() => {})
  /** What is in the brackets of the pattern, when it has been said on stderr. */
  const said = async (pattern: RegExp): Promise<string | undefined> => {
    for (;;) {
      const found = pattern.exec(errors)
      if (found !== null) return found[1]
      await Promise.race([once(child.stderr as NonNullable<typeof child.stderr>, 'data'), ended])
    }
  }
  return { child, exit, said, stderr: () => errors }
}
