import type { Instance, LogStatus, Position } from './shared-log.ts'

/** What is the same of every log that one process has for itself: it always leads, and there are no others. */
export abstract class LocalLog {
  abstract readonly position: Position
  readonly #engine: LogStatus['engine']
  readonly #instance: string

  constructor (engine: LogStatus['engine'], instance: string) {
    this.#engine = engine
    this.#instance = instance
  }

  get status (): LogStatus {
    const instance = this.#instance
    return { instance, engine: this.#engine, role: 'leader', term: 1, leader: instance, away: null, isSynced: true, lagMs: 0 }
  }

  get instances (): Instance[] {
    return [{ id: this.#instance, isLeader: true }]
  }

  get isWantedElsewhere (): boolean {
    return false
  }

  want (): void {}

  async catchUp (): Promise<void> {}
}
