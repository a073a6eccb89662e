import { report } from './environment.ts'

/** Who listens to what. A listener that throws keeps nothing from the others. */
export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<(event: any) => void>>()

  on<Name extends keyof Events> (name: Name, listener: (event: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    // The same function may be given twice, and taken away once.
    const own = (event: Events[Name]) => listener(event)
    listeners.add(own)
    return () => { listeners.delete(own) }
  }

  emit<Name extends keyof Events> (name: Name, event: Events[Name]): void {
    for (const listener of [...this.#listeners.get(name) ?? []]) {
      try {
        listener(event)
      } catch (error) {
        report(error)
      }
    }
  }
}
