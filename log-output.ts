import { constants, fstatSync, openSync } from 'node:fs'
import { hostname } from 'node:os'
import { isatty } from 'node:tty'
import { pino, type Logger } from 'pino'
import sonicBoom from 'sonic-boom'

/** What waits for a reader that does not read; beyond it lines are dropped and counted. */
const MAX_WAITING_BYTES = 1_048_576
/** A pipe holds 64 KiB: at this pace a reader that reads again has all that waits within half a second. */
const RETRY_MS = 20
const STDOUT = 1

export interface LogOutput {
  logger: Logger
  /** Lines that were not written: nobody read, or the disk was full. */
  dropped (): number
  /** Takes whole lines of JSON that another process has made. */
  relay (lines: string): void
  /** Resolves when what waits is written, at the latest after `deadlineMs`. */
  flush (deadlineMs: number): Promise<void>
}

/** Where lines go. None of it blocks or throws. */
interface LineSink {
  write (line: string): void
  /** `written` runs now if nothing waits, or once nothing does. */
  whenWritten (written: () => void): void
}

interface LineEvents {
  onDrop (lines: string): void
  /** Everything that waited is written. */
  onDrain (): void
}

/**
 * Lines to standard output that neither block nor throw. pino's own destination is not used: written to at once it stops the
 * process at a pipe that nobody reads, and otherwise it tries for ever at the exit.
 * @param format what is written in place of a line of JSON
 * @param fields what every line has
 */
export function openLogOutput (level: string, format?: (line: string) => string, fields: object = {}): LogOutput {
  let dropped = 0
  let told = 0
  const sink = openSink({
    // What is made for people may take several lines, each time.
    onDrop: (lines) => { dropped += format === undefined ? lines.split('\n').length - 1 : 1 },
    onDrain: () => {
      if (dropped === told) return
      const count = dropped - told
      told = dropped
      logger.warn({ event: 'log_dropped', count }, 'log lines were dropped: they could not be written in time')
    }
  })
  // Not the stream itself: at a fatal line pino would call its flushSync, which never returns from a full disk.
  const base = { pid: process.pid, hostname: hostname(), ...fields }
  const logger = pino({ level, base }, { write: (line: string) => sink.write(format?.(line) ?? line) })
  return {
    logger,
    dropped: () => dropped,
    relay (lines) {
      if (format === undefined) sink.write(lines)
      else for (const line of lines.split('\n').slice(0, -1)) sink.write(format(`${line}\n`))
    },
    flush: (deadlineMs) => new Promise((resolve) => {
      const deadline = setTimeout(resolve, deadlineMs)
      sink.whenWritten(() => {
        clearTimeout(deadline)
        resolve()
      })
    })
  }
}

function openSink (events: LineEvents): LineSink {
  const fd = descriptor()
  return fd === null ? socketSink(events) : descriptorSink(fd, events)
}

/**
 * A descriptor that does not block, or null if there is none but through a socket. A pipe or terminal is opened once more for
 * ourselves: the description that was handed to us may be shared with others, who expect it to block.
 */
function descriptor (): number | null {
  const stdout = fstatSync(STDOUT)
  if (stdout.isSocket()) return null
  if (!stdout.isFIFO() && !isatty(STDOUT)) return STDOUT
  try {
    return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    return null // another user's, or not Linux
  }
}

/**
 * Writes at once what the reader takes, so that the last line before any exit is there. What it does not take is kept and tried
 * again, in order: asynchronous writes would occupy a thread that the exit of the process waits for.
 */
function descriptorSink (fd: number, { onDrop, onDrain }: LineEvents): LineSink {
  const stream = new sonicBoom.SonicBoom({
    fd,
    sync: true,
    // Its flush does nothing with the default, 0.
    minLength: 1,
    maxLength: MAX_WAITING_BYTES,
    // It would sleep, and the process with it.
    retryEAGAIN: () => false
  })
  // Set while something waits that could not be written.
  let retry: NodeJS.Timeout | undefined
  const waiting: Array<() => void> = []
  stream.on('drop', onDrop)
  stream.on('error', () => {
    retry ??= setTimeout(() => {
      retry = undefined
      stream.flush()
    }, RETRY_MS).unref()
  })
  stream.on('drain', () => {
    // It is told a turn late: what came in that turn may wait again, and leave no room for a line that says what was lost.
    if (retry !== undefined) return
    onDrain()
    for (const written of waiting.splice(0)) written()
  })
  return {
    write: (line) => { stream.write(line) },
    whenWritten (written) {
      if (retry === undefined) written()
      else waiting.push(written)
    }
  }
}

/** A socket, as journald and some supervisors hand out, cannot be opened once more; Node's own stream does not block on it. */
function socketSink ({ onDrop, onDrain }: LineEvents): LineSink {
  const { stdout } = process
  stdout.on('error', () => {}) // the other end is gone: what comes is dropped, and counted below
  stdout.on('drain', onDrain)
  return {
    write (line) {
      if (!stdout.writable || stdout.writableLength + line.length > MAX_WAITING_BYTES) onDrop(line)
      else stdout.write(line)
    },
    whenWritten (written) {
      if (stdout.writable && stdout.writableLength > 0) stdout.write('', () => written())
      else written()
    }
  }
}
