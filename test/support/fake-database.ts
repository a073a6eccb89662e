import { deferred } from './fake-source.ts'
import { SourceError, type SourceFailure } from '../../lib/source/source-error.ts'

/** What a rejected promise was rejected with. */
export async function rejection (promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => null, (error) => error)
}

/** Takes batches; can be told to fail, and to hold writes until `abort`. */
export class FakeDatabase {
  readonly batches: string[][] = []
  attempts = 0
  aborts = 0
  failure: SourceFailure | null = null
  hangs = false
  #held = deferred<void>()

  readonly write = async (lines: readonly string[]): Promise<void> => {
    this.attempts++
    if (this.hangs) await this.#held.promise
    if (this.failure !== null) throw new SourceError(this.failure, `because of ${this.failure}`)
    this.batches.push([...lines])
  }

  readonly abort = (): void => {
    this.aborts++
    if (this.hangs) this.#held.reject(new SourceError('unavailable', 'the connection was closed'))
  }

  /** What hangs goes on, and nothing hangs any more. */
  release (): void {
    this.hangs = false
    this.#held.resolve()
    this.#held = deferred()
  }

  get lines (): string[] {
    return this.batches.flat()
  }
}
