/** One way to show a session. */
export interface View {
  /** Listens, and shows from now on. */
  start (): void
  /** What is said last, when it ends by itself. */
  summary (): void
  /** Leaves the terminal as it was; at once, since the process may be about to end. Any number of times. */
  restore (): void
}
