import type { PopState } from '../fleet/pop-state.ts'
import type { AllowedPops } from '../auth/grant.ts'
import type { PopsFilterSpec } from '../protocol/client-messages.ts'

const KINDS = ['code', 'country', 'tier'] as const
type Kind = (typeof KINDS)[number]
type Values = ReadonlySet<string>

/** Which PoPs somebody wants: all values of one kind are alternatives, and every kind that is given must fit. */
export class PopsFilter {
  /** The same for filters that let the same PoPs through. */
  readonly key: string
  /** Of one client: what it lets through is not worth keeping for the next one. */
  isOwn = false
  readonly #wanted: ReadonlyArray<readonly [Kind, Values]>
  readonly #allowed: Values | null

  /** @param spec undefined: every PoP @param allowed of which these are let through at most; null: all */
  constructor (spec: PopsFilterSpec | undefined, allowed: AllowedPops | null = null) {
    const kinds: Partial<Record<Kind, readonly string[]>> = Array.isArray(spec) ? { code: spec } : spec ?? {}
    this.#wanted = KINDS.flatMap((kind) => kinds[kind] === undefined ? [] : [[kind, new Set(kinds[kind].toSorted())] as const])
    this.#allowed = allowed?.codes ?? null
    this.key = JSON.stringify([this.#wanted.map(([kind, values]) => [kind, ...values]), allowed?.key])
  }

  get isAll (): boolean {
    return this.#wanted.length === 0 && this.#allowed === null
  }

  matches (state: PopState): boolean {
    return (this.#allowed?.has(state.code) ?? true) && this.#wanted.every(([kind, values]) => values.has(state[kind] ?? ''))
  }

  /** The values that fit none of these PoPs, by kind; undefined when there are none. */
  unknownAmong (states: readonly PopState[]): Partial<Record<Kind, string[]>> | undefined {
    const allowed = this.#allowed
    // What may not be seen is not known either.
    const seen = allowed === null ? states : states.filter(({ code }) => allowed.has(code))
    const unknown = this.#wanted.flatMap(([kind, values]) => {
      const known = new Set(seen.map((state) => state[kind]))
      const missing = [...values].filter((value) => !known.has(value))
      return missing.length === 0 ? [] : [[kind, missing] as const]
    })
    return unknown.length === 0 ? undefined : Object.fromEntries(unknown)
  }
}

/**
 * The distinct filters in use. Clients with the same one share an encoding per tick; so many are kept. Beyond that a
 * filter is the client's own, and what it lets through is encoded for it alone.
 */
export class PopsFilters {
  readonly #limit: number
  readonly #inUse = new Map<string, { filter: PopsFilter, users: number }>()

  constructor (limit: number) {
    this.#limit = limit
  }

  get size (): number {
    return this.#inUse.size
  }

  /** The one filter that all who want the same share. To be released. */
  acquire (filter: PopsFilter): PopsFilter {
    // Who wants every PoP adds no filter.
    if (filter.isAll) return ALL
    const known = this.#inUse.get(filter.key)
    if (known !== undefined) {
      known.users++
      return known.filter
    }
    if (this.size >= this.#limit) {
      filter.isOwn = true
      return filter
    }
    this.#inUse.set(filter.key, { filter, users: 1 })
    return filter
  }

  release (filter: PopsFilter): void {
    const known = filter.isAll ? undefined : this.#inUse.get(filter.key)
    if (known?.filter === filter && --known.users === 0) this.#inUse.delete(filter.key)
  }
}

/** Every PoP. */
const ALL = new PopsFilter(undefined)
