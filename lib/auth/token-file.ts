import { readFileSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Grant } from './grant.ts'
import { findEntry, parseTokens, type TokenEntry } from './tokens.ts'
import { checkForm, TokenError, type Verifier } from './verifier.ts'
import { WatchedFile } from './watched-file.ts'

export interface TokenFileOptions {
  file: string
  clock: Clock
  log: Log
}

/** @throws {Error} when it cannot be read or understood, or there is no token in it */
export function readTokens (file: string): TokenEntry[] {
  const entries = parseTokens(readFileSync(file, 'utf8'))
  if (entries.length === 0) throw new Error(`${file} has no token in it`)
  return entries
}

/** Named tokens of a file, of which only hashes are there. */
export class TokenFile implements Verifier {
  readonly #clock: Clock
  readonly #entries: WatchedFile<readonly TokenEntry[]>
  readonly #entryOf = new WeakMap<Grant, TokenEntry>()
  readonly #listeners: Array<() => void> = []

  /** One that is emptied withdraws all. @throws {Error} when it cannot be read or understood */
  constructor ({ file, clock, log }: TokenFileOptions) {
    this.#clock = clock
    const onChange = () => { for (const listener of this.#listeners) listener() }
    this.#entries = new WatchedFile({ file, read: (path) => parseTokens(readFileSync(path, 'utf8')), clock, log, onChange })
  }

  async verify (token: string): Promise<Grant> {
    checkForm(token)
    const entry = findEntry(this.#entries.content, token)
    if (entry === null) throw new TokenError('the token is unknown')
    if (this.#hasExpired(entry.grant)) throw new TokenError('the token has expired')
    this.#entryOf.set(entry.grant, entry)
    return entry.grant
  }

  current (grant: Grant): Grant | null {
    const before = this.#entryOf.get(grant)
    const entry = this.#entries.content.find(({ hash }) => before?.hash.equals(hash) === true)
    if (entry === undefined) return null
    this.#entryOf.set(entry.grant, entry)
    return entry.grant
  }

  onChange (listener: () => void): void {
    this.#listeners.push(listener)
  }

  close (): void {
    this.#entries.close()
  }

  #hasExpired ({ expiresAt }: Grant): boolean {
    return expiresAt !== null && expiresAt <= this.#clock.now()
  }
}
