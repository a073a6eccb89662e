import type { Clock } from '../clock.ts'
import type { SharedCount } from '../clients/shared-count.ts'

/** What comes within so many ms is told together. */
const TOGETHER_MS = 10

export type Counted = ReadonlyArray<readonly [key: string, count: number]>

/** How many clients this process has towards limits that hold over all, and how many the others have. */
export class Occupancy implements SharedCount {
  readonly #clock: Clock
  readonly #tell: (changed: Counted) => void
  readonly #own = new Map<string, number>()
  readonly #changed = new Set<string>()
  readonly #elsewhere = new Map<string, number>()

  /** @param tell what has changed of this process */
  constructor (clock: Clock, tell: (changed: Counted) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  elsewhere (key: string): number {
    return this.#elsewhere.get(key) ?? 0
  }

  report (key: string, own: number): void {
    set(this.#own, key, own)
    if (this.#changed.size === 0) this.#clock.schedule(() => this.#flush(), TOGETHER_MS)
    this.#changed.add(key)
  }

  /** The others have so many now. */
  take (counted: Counted): void {
    for (const [key, count] of counted) set(this.#elsewhere, key, count)
  }

  #flush (): void {
    const changed = Array.from(this.#changed, (key) => [key, this.#own.get(key) ?? 0] as const)
    this.#changed.clear()
    this.#tell(changed)
  }
}

/**
 * What every process has, kept by the one that tells them of each other. Who does not take what it is told is told no more
 * meanwhile, and then only what is so by that time.
 */
export class OccupancyBoard {
  readonly #members = new Map<number, Member>()

  /** @param tell resolves when it was taken */
  join (number: number, tell: (counted: Counted) => Promise<void>): void {
    const member: Member = { counts: new Map(), pending: new Set(), tell, isTelling: false }
    for (const { counts } of this.#members.values()) for (const key of counts.keys()) member.pending.add(key)
    this.#members.set(number, member)
    this.#flush(number, member)
  }

  /** It has ended, and with it what it had. */
  leave (number: number): void {
    const member = this.#members.get(number)
    if (member === undefined) return
    this.#members.delete(number)
    this.#changed(number, member.counts.keys())
  }

  take (number: number, counted: Counted): void {
    const member = this.#members.get(number)
    if (member === undefined) return
    for (const [key, count] of counted) set(member.counts, key, count)
    this.#changed(number, counted.map(([key]) => key))
  }

  #changed (of: number, keys: Iterable<string>): void {
    const changed = Array.from(keys)
    for (const [number, member] of this.#members) {
      if (number === of) continue
      for (const key of changed) member.pending.add(key)
      this.#flush(number, member)
    }
  }

  #flush (number: number, member: Member): void {
    if (member.isTelling || member.pending.size === 0) return
    const counted = Array.from(member.pending, (key) => [key, this.#elsewhere(number, key)] as const)
    member.pending.clear()
    member.isTelling = true
    const done = () => {
      member.isTelling = false
      this.#flush(number, member)
    }
    member.tell(counted).then(done, () => {
      for (const [key] of counted) member.pending.add(key)
      // One that has ended is told nothing more.
      if (this.#members.get(number) === member) done()
    })
  }

  #elsewhere (number: number, key: string): number {
    let sum = 0
    for (const [other, { counts }] of this.#members) if (other !== number) sum += counts.get(key) ?? 0
    return sum
  }
}

interface Member {
  counts: Map<string, number>
  /** Keys of which it was not told what is so now. */
  pending: Set<string>
  tell: (counted: Counted) => Promise<void>
  isTelling: boolean
}

function set (counts: Map<string, number>, key: string, count: number): void {
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}
