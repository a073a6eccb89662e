import { createPublicKey, type JsonWebKey } from 'node:crypto'
import {
  createLocalJWKSet, createRemoteJWKSet, customFetch, errors, type FetchImplementation, type JWK, type JWTVerifyGetKey
} from 'jose'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { Outage } from '../outage.ts'
import { requestFailure } from '../request-failure.ts'
import { TokenError } from './verifier.ts'

const FETCH_TIMEOUT_MS = 5_000
/** A set of a thousand keys is shorter. */
const MAX_SET_BYTES = 1_048_576
/** For keys that are not in the set it is fetched again no more often. */
const COOLDOWN_MS = 5_000
/** After a failure the keys are not asked for again so soon, however many tokens come. */
const RETRY_AFTER_MS = 1_000

export interface RemoteKeysOptions {
  url: URL
  clock: Clock
  log: Log
}

/** The keys of a URL: fetched when they are needed; while they cannot be had, the last ones hold. */
export class RemoteKeys {
  readonly #clock: Clock
  readonly #log: Log
  readonly #remote: ReturnType<typeof createRemoteJWKSet>
  readonly #outage = new Outage()
  /** Those that were fetched last. */
  #local: ReturnType<typeof createLocalJWKSet> | null = null
  #failedAt = -Infinity
  #refreshing: Promise<boolean> | null = null

  constructor ({ url, clock, log }: RemoteKeysOptions) {
    this.#clock = clock
    this.#log = log
    this.#remote = createRemoteJWKSet(url, {
      timeoutDuration: FETCH_TIMEOUT_MS, cooldownDuration: COOLDOWN_MS, [customFetch]: fetchBounded
    })
  }

  /** The one that a token is signed with. @throws {TokenError} when they cannot be had; and what jose throws */
  readonly get: JWTVerifyGetKey = async (header, token) => {
    if (this.#local === null || !this.#remote.fresh) await this.#refresh()
    if (this.#local === null) throw unavailable()
    try {
      return await this.#local(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || this.#remote.coolingDown) throw error
      // It may have been put in since.
      if (!await this.#refresh()) throw unavailable()
      return await this.#local(header, token)
    }
  }

  /** Fetches them. @returns how many can be used, and how many cannot. @throws {Error} saying why they cannot be had */
  async load (): Promise<{ usable: number, unusable: number }> {
    await this.#fetch()
    const keys = this.#local?.jwks().keys ?? []
    const usable = keys.filter(isUsable).length
    return { usable, unusable: keys.length - usable }
  }

  async #fetch (): Promise<void> {
    try {
      await this.#remote.reload()
      this.#local = createLocalJWKSet(this.#remote.jwks()!)
    } catch (error) {
      const isAnswer = error instanceof errors.JOSEError || error instanceof TooLongError
      throw new Error(isAnswer ? error.message : requestFailure(error))
    }
  }

  /** Once for all who wait for it. @returns whether those that are known now are those of the URL */
  async #refresh (): Promise<boolean> {
    if (this.#clock.monotonic() - this.#failedAt < RETRY_AFTER_MS) return false
    this.#refreshing ??= this.#refreshOnce().finally(() => { this.#refreshing = null })
    return await this.#refreshing
  }

  async #refreshOnce (): Promise<boolean> {
    try {
      await this.#fetch()
    } catch (error) {
      this.#failedAt = this.#clock.monotonic()
      const fields = { event: 'auth_keys_failed', detail: (error as Error).message }
      const told = this.#outage.failed(this.#failedAt)
      if (told === null) this.#log.debug(fields, 'the keys of JWT_JWKS_URL still cannot be had')
      else this.#log.error({ ...fields, ...told }, 'the keys of JWT_JWKS_URL cannot be had')
      return false
    }
    const failures = this.#outage.ended()
    if (failures > 0) this.#log.info({ event: 'auth_keys_recovered', failures }, 'the keys of JWT_JWKS_URL can be had again')
    return true
  }
}

function unavailable (): TokenError {
  return new TokenError('tokens cannot be checked now: the keys cannot be had', 'AUTH_UNAVAILABLE')
}

/** Secrets are not: whoever reads the URL has them. */
function isUsable (key: JWK): boolean {
  try {
    createPublicKey({ key: key as JsonWebKey, format: 'jwk' })
    return true
  } catch {
    return false
  }
}

class TooLongError extends Error {}

/** Whoever answers in the place of the keys' owner does not fill the memory. */
const fetchBounded: FetchImplementation = async (url, options) => {
  const { status, headers, body } = await fetch(url, options)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_SET_BYTES) throw new TooLongError(`the answer is longer than ${MAX_SET_BYTES} bytes`)
    chunks.push(chunk)
  }
  return new Response(Buffer.concat(chunks), { status, headers })
}
