import { isIPv4, isIPv6 } from 'node:net'
import { ALONE, type SharedCount } from './shared-count.ts'

/** How many connections each address has; so many it may have. */
export class AddressLimit {
  readonly #limit: number
  readonly #shared: SharedCount
  readonly #counts = new Map<string, number>()

  /** @param limit 0: there is none; @param shared other processes that it holds for as well */
  constructor (limit: number, shared: SharedCount = ALONE) {
    this.#limit = limit
    this.#shared = shared
  }

  get isOn (): boolean {
    return this.#limit > 0
  }

  hasRoomFor (address: string): boolean {
    if (!this.isOn) return true
    const key = keyOf(address)
    return (this.#counts.get(key) ?? 0) + this.#shared.elsewhere(key) < this.#limit
  }

  /** Counts one more. @returns ends it */
  take (address: string): () => void {
    const key = keyOf(address)
    this.#add(key, 1)
    return () => this.#add(key, -1)
  }

  #add (key: string, change: number): void {
    const count = (this.#counts.get(key) ?? 0) + change
    if (count > 0) this.#counts.set(key, count)
    else this.#counts.delete(key)
    this.#shared.report(key, count)
  }
}

/** Groups of 16 bits: whoever has one IPv6 address has all of its /64. */
const NETWORK_GROUPS = 4
const ALL_GROUPS = 8
/** Of an IPv4 address in IPv6. */
const MAPPED = '0:0:0:0:0:ffff'

/** The same for all ways to write an address, as proxies do: with a port, in brackets. What is none counts as one. */
function keyOf (text: string): string {
  const [, bracketed] = /^\[([^\]]*)\](?::\d+)?$/.exec(text) ?? []
  const [, withPort] = /^([\d.]+):\d+$/.exec(text) ?? []
  const address = (bracketed ?? withPort ?? text).replace(/%.*$/, '')
  if (isIPv4(address)) return address
  return isIPv6(address) ? networkOf(address) : ''
}

function networkOf (address: string): string {
  const [head = '', tail] = inGroups(address).split('::')
  const groups = (part: string) => part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const [before, after] = [groups(head), groups(tail ?? '')]
  const zeros = tail === undefined ? 0 : Math.max(0, ALL_GROUPS - before.length - after.length)
  const all = [...before, ...Array<number>(zeros).fill(0), ...after]
  const written = (part: number[]) => part.map((group) => group.toString(16)).join(':')
  if (written(all.slice(0, 6)) !== MAPPED) return written(all.slice(0, NETWORK_GROUPS))
  return all.slice(6).flatMap((group) => [group >> 8, group & 0xff]).join('.')
}

/** The end may be written as IPv4. */
function inGroups (address: string): string {
  return address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a, b, c, d] = parts.slice(0, 4).map(Number) as [number, number, number, number]
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
}
