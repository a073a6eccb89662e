import { statSync } from 'node:fs'
import { repeat, type Cancel, type Clock } from '../clock.ts'
import type { Log } from '../log.ts'

export interface WatchedFileOptions<Content> {
  file: string
  /** @throws {Error} when it cannot be read or understood; its message goes into the log */
  read: (file: string) => Content
  clock: Clock
  log: Log
  /** Called when there is something else in it. */
  onChange: () => void
}

const LOOK_EVERY_MS = 1_000

/**
 * What is in a file, also when that changes; while it cannot be understood, what was in it before. It is looked at by its
 * state, not by events: those do not come when a volume puts another file in its place.
 */
export class WatchedFile<Content> {
  readonly #options: WatchedFileOptions<Content>
  readonly #stop: Cancel
  #content: Content
  #state: string
  /** As it was at the last look. */
  #seen: string

  /** @throws {Error} of `read` */
  constructor (options: WatchedFileOptions<Content>) {
    this.#options = options
    const { file, read, clock, log } = options
    this.#state = this.#seen = stateOf(file)
    this.#content = read(file)
    this.#stop = repeat(clock, LOOK_EVERY_MS, () => this.#look(), (err) =>
      log.error({ event: 'task_failed', task: 'auth_file', err }, 'a timed task threw'))
  }

  get content (): Content {
    return this.#content
  }

  close (): void {
    this.#stop()
  }

  #look (): void {
    const { file, read, log, onChange } = this.#options
    const state = stateOf(file)
    // One that is still being written changes on.
    const isSettled = state === this.#seen
    this.#seen = state
    if (state === this.#state || !isSettled) return
    this.#state = state
    try {
      this.#content = read(file)
    } catch (error) {
      const { message } = error as Error
      log.error({ event: 'auth_file_failed', file, detail: message }, 'a file cannot be read again, what was in it still holds')
      return
    }
    log.info({ event: 'auth_file_read', file }, 'a file that has changed was read again')
    onChange()
  }
}

/** Another one after each change; one that is not there has one as well. */
function stateOf (file: string): string {
  const { ino = 0, size = 0, mtimeNs = 0, ctimeNs = 0 } = statSync(file, { bigint: true, throwIfNoEntry: false }) ?? {}
  return [ino, size, mtimeNs, ctimeNs].join(' ')
}
