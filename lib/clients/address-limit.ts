import { isIPv4, isIPv6 } from 'node:net'

/** How many connections each address has; so many it may have. */
export class AddressLimit {
  readonly #limit: number
  readonly #counts = new Map<string, number>()

  /** @param limit 0: there is none */
  constructor (limit: number) {
    this.#limit = limit
  }

  get isOn (): boolean {
    return this.#limit > 0
  }

  hasRoomFor (address: string): boolean {
    return !this.isOn || (this.#counts.get(keyOf(address)) ?? 0) < this.#limit
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
  }
}

const MAPPED = '::ffff:'
/** Groups of 16 bits: whoever has one IPv6 address has all of its /64. */
const NETWORK_GROUPS = 4

function keyOf (address: string): string {
  if (address.toLowerCase().startsWith(MAPPED) && isIPv4(address.slice(MAPPED.length))) return address.slice(MAPPED.length)
  return isIPv6(address) ? networkOf(address) : address
}

function networkOf (address: string): string {
  const [plain = ''] = address.split('%')
  const [head = '', tail] = plain.split('::')
  const groups = (part: string) => part === '' ? [] : part.split(':')
  const before = groups(head)
  const zeros = tail === undefined ? 0 : Math.max(0, NETWORK_GROUPS * 2 - before.length - groups(tail).length)
  const all = [...before, ...Array<string>(zeros).fill('0'), ...groups(tail ?? '')]
  return all.slice(0, NETWORK_GROUPS).map((group) => Number.parseInt(group, 16).toString(16)).join(':')
}
