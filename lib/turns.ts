/** Carries out one thing after the other, in the order in which they were asked for. */
export class Turns {
  #underWay: Promise<unknown> = Promise.resolve()

  take<T> (work: () => Promise<T>): Promise<T> {
    const done = this.#underWay.then(work)
    this.#underWay = done.catch(() => {})
    return done
  }

  /**
   * One turn for all who ask before it begins. Who asks while it is under way has the next one: the one under way may say what
   * was so before.
   */
  together<T> (work: () => Promise<T>): () => Promise<T> {
    let waiting: Promise<T> | null = null
    return () => {
      waiting ??= this.take(() => {
        waiting = null
        return work()
      })
      return waiting
    }
  }
}
