import { readFileSync } from 'node:fs'
import * as modules from 'node:module'
import type { Server } from 'node:net'
import type { Config } from './config.ts'
import type { Log } from './lib/log.ts'
import { load } from './module-files.ts'

/**
 * Of a process that has started and serves nobody, with an engine and other workers (25: the modules' files are closed by
 * then), and its questions to others: what it could not open it could not tell of either.
 */
const FILES_OF_A_PROCESS = 31
/** Of those who only ask something, or are told that there is no room. */
const FILES_OF_VISITORS = 9
/** Modules are opened all at once; with fewer they are not, which takes a little longer. */
const FILES_OF_A_START = 512

interface Hooks {
  /** Since Node 22.15. */
  registerHooks? (hooks: { load: typeof load }): void
}

/** Open files that this process may have: Node raises the soft limit to the hard one. Infinity where it is not said. */
export function openFilesLimit (): number {
  try {
    const [, limit] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return limit === undefined ? Infinity : Number(limit)
  } catch {
    return Infinity // not Linux
  }
}

/** Sockets that may be open to a process with so many files. */
export function socketsWithin (filesLimit: number): number {
  return Math.max(1 + FILES_OF_VISITORS, filesLimit - FILES_OF_A_PROCESS)
}

/** Clients that there may be with so many files: who comes beyond them is refused while there is a file to say why. */
export function connectionsWithin (filesLimit: number): number {
  return socketsWithin(filesLimit) - FILES_OF_VISITORS
}

/** Lowers MAX_CONNECTIONS to what this process can hold, and says so: with WORKERS all of them might come to one. */
export function fitConnections (config: Config, log: Log): void {
  const filesLimit = openFilesLimit()
  const maxConnections = connectionsWithin(filesLimit)
  if (config.MAX_CONNECTIONS <= maxConnections) return
  const fields = { event: 'few_open_files', filesLimit, maxConnections, wanted: config.MAX_CONNECTIONS }
  log.warn(fields, 'the process may open fewer files than MAX_CONNECTIONS needs: see ulimit -n')
  config.MAX_CONNECTIONS = maxConnections
}

/**
 * Whoever comes when there is no file left for anybody is turned away without a word, and counted. Not by a second address of
 * `localhost`: the server of that one Fastify keeps to itself.
 */
export function fitSockets (server: Server, onDrop: () => void): void {
  server.maxConnections = socketsWithin(openFilesLimit())
  server.on('drop', onDrop)
}

/** Where a process may open few files, modules that are imported from now on are read one after the other. */
export function loadWithin (filesLimit: number): void {
  if (filesLimit >= FILES_OF_A_START) return
  const { registerHooks } = modules as Hooks
  if (registerHooks !== undefined) registerHooks({ load })
  else modules.register('./module-files.js', import.meta.url)
}
