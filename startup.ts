import { isatty } from 'node:tty'
import { ConfigError, type Config } from './config.ts'
import { DirectoryError } from './lib/cluster/directory-log.ts'
import type { Log } from './lib/log.ts'
import { openLogOutput, type LogOutput } from './log-output.ts'

/** As which the service speaks of itself. */
export const PROGRAM = 'popcast'

/** npm hands on a Ctrl-C that the terminal has sent to the whole group already: the second of the two is no second signal. */
export const SAME_KEY_PRESS_MS = 300
/** So long the last lines of the log may take. */
export const FLUSH_TIMEOUT_MS = 1_000

/** Between the deadline of the drain and the one of the process: what Fastify and InfluxDB need to close. */
const CLOSE_SLACK_MS = 5_000

/** How long a shutdown may take. */
export function shutdownMs ({ DRAIN_DELAY_MS, DRAIN_TIMEOUT_MS }: Config): number {
  return DRAIN_DELAY_MS + DRAIN_TIMEOUT_MS + CLOSE_SLACK_MS
}

/** Says in one line for a person why `program` cannot start, and exits 1: a stack trace would say nothing more. */
export function failStart (program: string, message: string): never {
  process.stderr.write(`${program} cannot start:\n${message}\n`)
  process.exit(1)
}

/** Reads settings or arguments; a `ConfigError` stops the start. */
export function orFailStart<T> (program: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof ConfigError) failStart(program, error.message)
    throw error
  }
}

/** A directory that cannot be used stops the start. */
export async function orFailDirectory<T> (opened: Promise<T>): Promise<T> {
  try {
    return await opened
  } catch (error) {
    if (error instanceof DirectoryError) failStart(PROGRAM, `STATE_DIR: ${error.message}`)
    throw error
  }
}

/** Reads `.env` of the working directory into the environment, if there is one. What is set already wins. */
export function loadEnvFile (program: string): void {
  try {
    process.loadEnvFile()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') failStart(program, `.env: ${(error as Error).message}`)
  }
}

export interface OpenLogOptions {
  /** Called before each line for people, so that a progress bar can step aside. */
  beforeLine?: () => void
  /** What every line has. */
  fields?: object
}

/** JSON, or lines for people when somebody watches. */
export async function openLog (level: string, { beforeLine = () => {}, fields }: OpenLogOptions = {}): Promise<LogOutput> {
  // Not process.stdout.isTTY: to ask it makes a pipe that is shared with others not block them either.
  return openLogOutput(level, isatty(1) ? await forPeople(beforeLine) : undefined, fields)
}

async function forPeople (beforeLine: () => void): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty')
  const pretty = prettyFactory({ ignore: 'pid,hostname' })
  return (line) => {
    beforeLine()
    return pretty(line)
  }
}

/** Says that it does not wait for the end that is under way. */
export function tellSecondSignal (log: Log, signal: string): void {
  log.error({ event: 'second_signal', signal }, 'exiting at once')
}

/**
 * Calls `close` at the first Ctrl-C, and exits at the second.
 * @param close returns false when something else has begun to end the process already: then this is the second
 */
export function onInterrupt (log: Log, output: LogOutput, close: () => boolean): void {
  let firstAt: number | null = null
  process.on('SIGINT', () => {
    if (firstAt === null) {
      firstAt = performance.now()
      if (close()) return
    } else if (performance.now() - firstAt < SAME_KEY_PRESS_MS) return
    tellSecondSignal(log, 'SIGINT')
    void output.flush(FLUSH_TIMEOUT_MS).then(() => process.exit(1))
  })
}
