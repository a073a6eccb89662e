/**
 * The keys of one stream: in one slot of a cluster, so that a script may have them all. One that is to become of another type
 * gets another name: an older instance takes away what is of a type that it does not know.
 */
export interface Keys {
  /**
   * Hash. `epoch`, `seq` and `by` (which append it was) of the newest update, `at` (when, ms), `format`, `view`, `memory`; `note`
   * and `noteBy`, of the newest append; `noteId`, which grows with each; the lease: `term`, `holder`, `until` (ms); `begunAt`
   * (when a tick was last begun, ms).
   */
  head: string
  /** Stream of the last updates, `<seq>-0`. */
  log: string
  /** Stream of the last append that was no update: who waits for it is woken. */
  notes: string
  /** Hash: what is kept for who leads next. */
  kept: string
  /** Hash by instance: `<until when it counts, ms> <whether it wants data> <JSON>`. */
  instances: string
}

export function keysOf (name: string): Keys {
  const key = (part: string) => `{popcast:${name}}:${part}`
  return { head: key('head'), log: key('log'), notes: key('notes'), kept: key('kept'), instances: key('instances') }
}
