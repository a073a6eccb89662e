import { constants, fstatSync, openSync } from 'node:fs'
import { pino, type Logger } from 'pino'
import sonicBoom from 'sonic-boom'

/** What waits for a reader that does not read; beyond it lines are dropped and counted. */
const MAX_WAITING_BYTES = 1_048_576
const STDOUT = 1

export interface LogOutput {
  logger: Logger
  /** Lines that were not written: nobody read, or the disk was full. */
  readonly dropped: number
  /** Writes what waits, within a deadline. */
  flush (deadlineMs: number): Promise<void>
}

/**
 * JSON lines to standard output that neither block nor throw. A pipe is opened once more for ourselves, without blocking: a
 * write to one that nobody reads would hold up the loop, or a thread that the exit of the process waits for. pino's own
 * destination is not used for that reason: at the exit it would try for ever.
 */
export function openLogOutput (level: string): LogOutput {
  // With the default minLength its flush would not wait for what is under way.
  const stream = new sonicBoom.SonicBoom({ fd: descriptor(), sync: false, minLength: 1, maxLength: MAX_WAITING_BYTES })
  let dropped = 0
  let told = 0
  const logger = pino({ level }, stream)
  stream.on('drop', () => { dropped++ })
  stream.on('error', () => { dropped++ })
  stream.on('drain', () => {
    if (dropped === told) return
    const lines = dropped - told
    told = dropped
    logger.warn({ event: 'log_dropped', lines }, 'log lines were dropped: nobody read them')
  })
  return {
    logger,
    get dropped () { return dropped },
    flush: (deadlineMs) => new Promise((resolve) => {
      const timer = setTimeout(resolve, deadlineMs)
      stream.flush(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}

function descriptor (): number {
  if (!fstatSync(STDOUT).isFIFO()) return STDOUT
  try {
    // A description of its own: the one that was handed to us may be shared with others, who expect it to block.
    return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    return STDOUT
  }
}
