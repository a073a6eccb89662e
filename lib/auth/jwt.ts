import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions } from 'jose'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { allowedPops, type Grant } from './grant.ts'
import { ASYMMETRIC, readKeys, type Keys } from './keys.ts'
import { RemoteKeys } from './remote-keys.ts'
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

  /** @throws {Error} when the key file cannot be read or understood */
  constructor (options: JwtOptions) {
    this.#options = options
    const { keyFile, jwksUrl = '', clock, log } = options
    this.#keys = keyFile === undefined
      ? { content: { key: new RemoteKeys({ url: new URL(jwksUrl), clock, log }).get, algorithms: ASYMMETRIC }, close () {} }
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

function refusalOf (error: unknown): Error {
  if (error instanceof TokenError) return error
  if (error instanceof errors.JWTExpired) return new TokenError('the token has expired')
  if (error instanceof errors.JWTClaimValidationFailed) {
    return new TokenError(claims[error.claim] ?? `the token's claim ${error.claim} is not valid`)
  }
  // A key of a set is looked at not before a token names it.
  if (error instanceof DOMException) return new TokenError('the key that the token names cannot be used')
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
