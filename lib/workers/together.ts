/**
 * One piece of work for all who ask before it begins. Who asks while it is under way waits for the next one: it may say what was
 * so before.
 */
export function together<Result> (work: () => Promise<Result>): () => Promise<Result> {
  let underWay: Promise<unknown> = Promise.resolve()
  let waiting: Promise<Result> | null = null
  return () => {
    if (waiting !== null) return waiting
    const next = underWay.then(() => {
      waiting = null
      return work()
    })
    waiting = next
    underWay = next.catch(() => {})
    return next
  }
}
