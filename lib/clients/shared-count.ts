/** What other processes count towards the same limits, by what it is that is limited. */
export interface SharedCount {
  /** How many others have. */
  elsewhere (key: string): number
  /** How many this process has. */
  report (key: string, own: number): void
}

/** Of all clients; addresses have other names. */
export const ALL_CLIENTS = 'all'

/** There are no other processes. */
export const ALONE: SharedCount = { elsewhere: () => 0, report: () => {} }
