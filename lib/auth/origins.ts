/** Of a page that has none, such as one in a file. */
const NO_ORIGIN = 'null'

/** Which pages may read: those of the server's own origin, and those that are named. */
export class Origins {
  readonly #isAny: boolean
  readonly #named: ReadonlySet<string>
  readonly #patterns: RegExp[]

  /** @param entries as `originFault` lets through */
  constructor (entries: readonly string[]) {
    this.#isAny = entries.includes('*')
    this.#named = new Set(entries.filter((entry) => !entry.includes('*')).map((entry) => entry.toLowerCase()))
    this.#patterns = entries.filter((entry) => entry.includes('://*.')).map(patternOf)
  }

  /** Whether it is named. */
  includes (origin: string): boolean {
    const name = origin.toLowerCase()
    return this.#isAny || this.#named.has(name) || this.#patterns.some((pattern) => pattern.test(name))
  }

  /** @param host as the request was sent to */
  allows (origin: string, host: string): boolean {
    return this.includes(origin) || isSame(origin, host)
  }
}

/** What is wrong with an entry of the list; null: nothing. */
export function originFault (entry: string): string | null {
  if (entry === '*' || entry === NO_ORIGIN) return null
  const plain = entry.replace('://*.', '://')
  if (!URL.canParse(plain)) return `${JSON.stringify(entry)} is no origin`
  const { protocol, host, pathname, search, hash, username } = new URL(plain)
  if (plain.includes('*')) return `${JSON.stringify(entry)} has a * elsewhere than in the place of all subdomains`
  if (host === '' || username !== '' || search !== '' || hash !== '' || pathname.length > 1 || plain.endsWith('/')) {
    return `${JSON.stringify(entry)} is more or less than an origin: scheme, host and port`
  }
  const sent = `${protocol}//${host}`
  return plain.toLowerCase() === sent ? null : `${JSON.stringify(entry)} is written ${sent} by browsers`
}

/** Whatever the scheme: who ends TLS before us need not say so. */
function isSame (origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, host: own } = new URL(origin)
  // The host without the port that goes without saying, as the origin has it.
  return own !== '' && URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === own
}

function patternOf (entry: string): RegExp {
  const [scheme = '', host = ''] = entry.toLowerCase().split('://*.')
  const escaped = `${host}`.replace(/[.[\]:-]/g, '\\$&')
  return new RegExp(`^${scheme}://([a-z0-9_-]+\\.)+${escaped}$`)
}
