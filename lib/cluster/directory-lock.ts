import { randomBytes } from 'node:crypto'
import { readdir, rename, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { wait, within, type Clock } from '../clock.ts'

const PREFIX = 'lock-'
/** Of a socket that is not listened on yet: nobody looks at these. */
const HIDDEN = '.lock-'
/** Somebody who is starting as well is asked again after so long. */
const AGAIN_MS = 20
/** One that is listened on answers at once, unless its process is stopped: then it has the directory all the same. */
const ANSWER_MS = 1_000
/** sun_path of Linux has 108 bytes, of others 104. */
const MOST_PATH = 103
const RANDOM_BYTES = 6

type State = 'gone' | 'starting' | 'held'

/**
 * That one process alone uses a directory. Each that starts has a socket in it, under a name that no other ever has: one that
 * nobody listens on is of a process that is gone, however it ended, and can be removed without removing another's. Unlike the
 * number of a process this holds between containers that share the directory.
 */
export class DirectoryLock {
  readonly #server: Server
  readonly #path: string

  private constructor (server: Server, path: string) {
    this.#server = server
    this.#path = path
  }

  /** @returns null when another process has the directory. @throws when the directory cannot be written */
  static async acquire (directory: string, clock: Clock): Promise<DirectoryLock | null> {
    checkLength(directory)
    const own = `${PREFIX}${randomBytes(RANDOM_BYTES).toString('hex')}`
    const path = join(directory, own)
    let isHeld = false
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.end(isHeld ? 'held' : 'starting')
    })
    const hidden = join(directory, own.replace(PREFIX, HIDDEN))
    await listen(server, hidden)
    // Who sees it can connect to it.
    await rename(hidden, path)
    const lock = new DirectoryLock(server, path)
    if (await isTaken(directory, own, clock)) {
      await lock.release()
      return null
    }
    isHeld = true
    return lock
  }

  async release (): Promise<void> {
    await unlink(this.#path).catch(() => {})
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** @throws when no process could have a directory of so long a path */
export function checkLength (directory: string): void {
  const most = MOST_PATH - HIDDEN.length - 2 * RANDOM_BYTES - 1
  if (Buffer.byteLength(directory) > most) throw new Error(`its path is longer than ${most} bytes`)
}

/** Of several that start at once the first by name goes on: the others see it, as it was there before they looked. */
async function isTaken (directory: string, own: string, clock: Clock): Promise<boolean> {
  const others = (await readdir(directory)).filter((name) => name.startsWith(PREFIX) && name !== own)
  for (const name of others) {
    const path = join(directory, name)
    for (let state = await stateOf(path, clock); state !== 'gone'; state = await stateOf(path, clock)) {
      if (state === 'held' || name < own) return true
      await wait(clock, AGAIN_MS)
    }
    await unlink(path).catch(() => {})
  }
  return false
}

async function stateOf (path: string, clock: Clock): Promise<State> {
  let state: State = 'held'
  const answered = new Promise<void>((resolve) => {
    const socket = connect(path)
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => { text += chunk })
    socket.on('close', resolve)
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED' || code === 'ENOENT') state = 'gone'
    })
    socket.on('end', () => { if (text === 'starting') state = 'starting' })
    clock.schedule(() => socket.destroy(), ANSWER_MS)
  })
  await within(clock, ANSWER_MS, answered)
  return state
}

function listen (server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      server.unref()
      resolve()
    })
  })
}
