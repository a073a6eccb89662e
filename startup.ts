import { pino, type DestinationStream, type Logger } from 'pino'
import { ConfigError } from './config.ts'

/** npm hands on a Ctrl-C that the terminal has sent to the whole group already: the second of the two is no second signal. */
export const SAME_KEY_PRESS_MS = 300

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

/** Reads `.env` of the working directory into the environment, if there is one. What is set already wins. */
export function loadEnvFile (program: string): void {
  try {
    process.loadEnvFile()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') failStart(program, `.env: ${(error as Error).message}`)
  }
}

/**
 * JSON, or lines for people when somebody watches. Both write at once: the last line before an exit is there.
 * @param beforeLine called before each line for people, so that a progress bar can step aside
 */
export async function openLog (level: string, beforeLine = () => {}): Promise<Logger> {
  return pino({ level }, process.stdout.isTTY ? await prettyStream(beforeLine) : pino.destination({ sync: true }))
}

async function prettyStream (beforeLine: () => void): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  const stream = pretty({ sync: true, ignore: 'pid,hostname' })
  return {
    write (line) {
      beforeLine()
      stream.write(line)
    }
  }
}
