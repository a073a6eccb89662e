import {
  createLocalJWKSet, createRemoteJWKSet, customFetch, errors, jwtVerify,
  type FetchImplementation, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions
} from 'jose'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { allowedPops, type Grant } from './grant.ts'
import { ASYMMETRIC, readKeys, type Keys } from './keys.ts'
import { topicsOf } from './tokens.ts'
import { checkForm, TokenError, type Verifier } from './verifier.ts'
import { WatchedFile } from './watched-file.ts'

export interface JwtOptions {
  /** One of the two. */
  keyFile?: string | undefined
  jwksUrl?: string | undefined
  issuer?: string | undefined
  audience?: string | undefined
  /** So far the issuer's clock may be off, ms. */
  toleranceMs: number
  clock: Clock
  log: Log
}

const FETCH_TIMEOUT_MS = 5_000
/** A set of a thousand keys is shorter. */
const MAX_SET_BYTES = 1_048_576
/** For keys that are not in the set it is fetched again no more often. */
const COOLDOWN_MS = 5_000
/** After a failure the keys are not asked for again so soon, however many tokens come. */
const RETRY_AFTER_MS = 1_000
/** Of a Date, with some room. */
const MAX_TIME_MS = 8e15

/** What a claim that fails says. */
const claims: Record<string, string> = {
  aud: 'the token is for another audience',
  iss: 'the token is of another issuer',
  nbf: 'the token is not valid yet'
}

/** JSON Web Tokens that somebody else signs. */
export class JwtVerifier implements Verifier {
  readonly #options: JwtOptions
  readonly #keys: { readonly content: Keys, close (): void }
  #isFailing = false

  /** @throws {Error} when the key file cannot be read or understood */
  constructor (options: JwtOptions) {
    this.#options = options
    const { keyFile, jwksUrl = '', clock, log } = options
    this.#keys = keyFile === undefined
      ? { content: { key: this.#remoteKeys(new URL(jwksUrl)), algorithms: ASYMMETRIC }, close () {} }
      : new WatchedFile({ file: keyFile, read: readKeys, clock, log, onChange: () => {} })
  }

  async verify (token: string): Promise<Grant> {
    checkForm(token)
    return this.#grantOf(await this.#payloadOf(token))
  }

  /** It is good until it expires: nobody tells us of one that is withdrawn. */
  current (grant: Grant): Grant {
    return grant
  }

  onChange (): void {}

  close (): void {
    this.#keys.close()
  }

  async #payloadOf (token: string): Promise<JWTPayload> {
    const { content: { key, algorithms } } = this.#keys
    const { issuer, audience, toleranceMs, clock } = this.#options
    const options: JWTVerifyOptions = {
      algorithms,
      clockTolerance: toleranceMs / 1_000,
      currentDate: new Date(clock.now()),
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience })
    }
    try {
      const { payload } = await jwtVerify(token, key as JWTVerifyGetKey, options)
      return payload
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys) return await oneOf(error, token, options)
      throw refusalOf(error)
    }
  }

  #grantOf ({ sub, exp, topics, pops }: JWTPayload): Grant {
    try {
      if (sub !== undefined && typeof sub !== 'string') throw new Error('sub is no text')
      if (exp !== undefined && exp * 1_000 > MAX_TIME_MS) throw new Error('exp is beyond all time')
      return {
        name: sub ?? null,
        topics: topics === undefined ? null : topicsOf(namesOf('topics', topics)),
        pops: pops === undefined ? null : allowedPops(namesOf('pops', pops)),
        expiresAt: exp === undefined ? null : exp * 1_000 + this.#options.toleranceMs
      }
    } catch (error) {
      // A limit that is not understood is none that may be left out.
      throw new TokenError(`the token has a claim that is not understood: ${(error as Error).message}`)
    }
  }

  #remoteKeys (url: URL): JWTVerifyGetKey {
    const { log, clock } = this.#options
    const keys = createRemoteJWKSet(url, {
      timeoutDuration: FETCH_TIMEOUT_MS, cooldownDuration: COOLDOWN_MS, [customFetch]: fetchBounded
    })
    let failedAt = -Infinity
    /** Those that were fetched before. */
    const known: JWTVerifyGetKey = (header, token) => {
      const last = keys.jwks()
      if (last === undefined) throw new TokenError('tokens cannot be checked now: the keys cannot be had', 'AUTH_UNAVAILABLE')
      return createLocalJWKSet(last)(header, token)
    }
    return async (header, token) => {
      if (clock.monotonic() - failedAt < RETRY_AFTER_MS) return await known(header, token)
      try {
        const key = await keys(header, token)
        this.#isFailing = false
        return key
      } catch (error) {
        if (isOfTheToken(error)) throw error
        failedAt = clock.monotonic()
        const { message, cause } = error as Error
        const detail = cause instanceof Error ? `${message}: ${cause.message}` : message
        if (!this.#isFailing) log.error({ event: 'auth_keys_failed', detail }, 'the keys of JWT_JWKS_URL cannot be had')
        this.#isFailing = true
        return await known(header, token)
      }
    }
  }
}

/** Whoever answers in the place of the keys' owner does not fill the memory. */
const fetchBounded: FetchImplementation = async (url, options) => {
  const { status, headers, body } = await fetch(url, options)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_SET_BYTES) throw new Error(`the answer is longer than ${MAX_SET_BYTES} bytes`)
    chunks.push(chunk)
  }
  return new Response(Buffer.concat(chunks), { status, headers })
}

/** Of several keys that may be the one, a token that does not name it fits at most one. */
async function oneOf (several: errors.JWKSMultipleMatchingKeys, token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
  for await (const key of several) {
    try {
      return (await jwtVerify(token, key, options)).payload
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw refusalOf(error)
    }
  }
  throw new TokenError('the token is not signed with a key that is known')
}

function isOfTheToken (error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
}

function refusalOf (error: unknown): Error {
  if (error instanceof TokenError) return error
  if (error instanceof errors.JWTExpired) return new TokenError('the token has expired')
  if (error instanceof errors.JWTClaimValidationFailed) {
    return new TokenError(claims[error.claim] ?? `the token's claim ${error.claim} is not valid`)
  }
  if (error instanceof errors.JOSEError || error instanceof TypeError) {
    return new TokenError('the token is not signed with a key that is known')
  }
  return error as Error
}

/** A list, or one text as OAuth writes scopes. */
function namesOf (claim: string, value: unknown): string[] {
  const names = typeof value === 'string' ? value.split(/[\s,]+/).filter((name) => name !== '') : value
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) throw new Error(`${claim} is no list of texts`)
  return names
}
