import type { Clock } from '../clock.ts'
import type { Connection } from './connection.ts'

/** The event loop is given back after this long, so that clients, scrapers and probes do not wait for the last client. */
const SLICE_MS = 8
/** Asking the clock costs a little, a write some 15 us: it is asked after so many. */
const CLIENTS_PER_LOOK_AT_THE_CLOCK = 32

/**
 * Does something for every client there is now, and lets everybody else have their
 * turn in between. Those that come meanwhile are not among them.
 */
export async function inSlices (
  connections: Iterable<Connection>,
  clock: Clock,
  step: (connection: Connection) => void
): Promise<void> {
  let sliceEnd = clock.monotonic() + SLICE_MS
  let visited = 0
  for (const connection of Array.from(connections)) {
    // Those with filters of their own may each cost an encoding.
    if ((++visited % CLIENTS_PER_LOOK_AT_THE_CLOCK === 0 || connection.pops !== null) && clock.monotonic() >= sliceEnd) {
      await clock.turn()
      sliceEnd = clock.monotonic() + SLICE_MS
    }
    step(connection)
  }
}
