import type { Clock } from '../clock.ts'
import type { Connection } from './connection.ts'

/** The event loop is given back after this long, so that clients, scrapers and probes do not wait for the last client. */
const SLICE_MS = 8
/** Asking the clock costs a little, a write some 15 us: it is asked after so many. */
const CLIENTS_PER_LOOK_AT_THE_CLOCK = 32

/** A share of the event loop's time for what is done for every client, one after the other. */
export class Slice {
  readonly #clock: Clock
  #end: number
  #clients = 0

  constructor (clock: Clock) {
    this.#clock = clock
    this.#end = clock.monotonic() + SLICE_MS
  }

  /** To be asked before each client: whether the others are to have their turn first. */
  isOverBefore ({ pops }: Pick<Connection, 'pops'> = { pops: null }): boolean {
    // Those with filters of their own may each cost an encoding.
    return (++this.#clients % CLIENTS_PER_LOOK_AT_THE_CLOCK === 0 || pops !== null) && this.#clock.monotonic() >= this.#end
  }

  /** Lets everybody else have their turn. */
  async next (): Promise<void> {
    await this.#clock.turn()
    this.#end = this.#clock.monotonic() + SLICE_MS
  }
}

/** What is made of each, some at a time: of thousands at once everybody else would wait. */
export async function inTurns<Item, Made> (items: readonly Item[], make: (item: Item) => Made, clock: Clock): Promise<Made[]> {
  const slice = new Slice(clock)
  const made: Made[] = []
  for (const item of items) {
    if (slice.isOverBefore()) await slice.next()
    made.push(make(item))
  }
  return made
}
