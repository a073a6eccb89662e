/** Carries out one thing after the other, in the order in which they were asked for. */
export class Turns {
  #underWay: Promise<unknown> = Promise.resolve()

  take<T> (work: () => Promise<T>): Promise<T> {
    const done = this.#underWay.then(work)
    this.#underWay = done.catch(() => {})
    return done
  }
}
