import type { PopState } from '../fleet/pop-state.ts'
import type { PopsFilterSpec } from '../protocol/client-messages.ts'

const KINDS = ['code', 'country', 'tier'] as const
type Kind = (typeof KINDS)[number]
type Values = ReadonlySet<string>

/** Which PoPs somebody wants: all values of one kind are alternatives, and every kind that is given must fit. */
export class PopsFilter {
  /** The same for filters that let the same PoPs through. */
  readonly key: string
  readonly #wanted: ReadonlyArray<readonly [Kind, Values]>

  /** @param spec undefined: every PoP */
  constructor (spec: PopsFilterSpec | undefined) {
    const kinds: Partial<Record<Kind, readonly string[]>> = Array.isArray(spec) ? { code: spec } : spec ?? {}
    this.#wanted = KINDS.flatMap((kind) => kinds[kind] === undefined ? [] : [[kind, new Set(kinds[kind].toSorted())] as const])
    this.key = JSON.stringify(this.#wanted.map(([kind, values]) => [kind, ...values]))
  }

  matches (state: PopState): boolean {
    return this.#wanted.every(([kind, values]) => values.has(state[kind] ?? ''))
  }

  /** The first value that fits none of these PoPs. */
  unknownAmong (states: readonly PopState[]): { kind: Kind, value: string } | null {
    for (const [kind, values] of this.#wanted) {
      const known = new Set(states.map((state) => state[kind]))
      for (const value of values) if (!known.has(value)) return { kind, value }
    }
    return null
  }
}

/** The distinct filters in use. Each costs an encoding per tick, however many clients share it: there is a bound. */
export class PopsFilters {
  readonly #limit: number
  readonly #inUse = new Map<string, { filter: PopsFilter, users: number }>()

  constructor (limit: number) {
    this.#limit = limit
  }

  get size (): number {
    return this.#inUse.size
  }

  /** The one filter that all who want the same share; null when it would be one too many. To be released. */
  acquire (filter: PopsFilter): PopsFilter | null {
    const known = this.#inUse.get(filter.key)
    if (known !== undefined) {
      known.users++
      return known.filter
    }
    if (this.size >= this.#limit) return null
    this.#inUse.set(filter.key, { filter, users: 1 })
    return filter
  }

  release ({ key }: PopsFilter): void {
    const known = this.#inUse.get(key)
    if (known !== undefined && --known.users === 0) this.#inUse.delete(key)
  }
}
