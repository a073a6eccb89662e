import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createLocalJWKSet, type JSONWebKeySet, type JWK, type JWTVerifyGetKey } from 'jose'

/** What tokens are signed with, and how: never with another kind than the key's own. */
export interface Keys {
  key: KeyObject | Uint8Array | JWTVerifyGetKey
  algorithms: string[]
}

export const ASYMMETRIC = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'
]
const SYMMETRIC = ['HS256', 'HS384', 'HS512']
/** RFC 7518 3.2: no shorter than what the hash gives. */
const MIN_SECRET_BYTES = 32

/**
 * A file with a public key or certificate (PEM), a JSON Web Key or a set of them, or the secret of HS256 to HS512: one word.
 * @throws {Error} when it cannot be read or is anything else: the text of a public key, taken for a secret, would be one that
 * everybody knows; never with what is in it
 */
export function readKeys (file: string): Keys {
  const text = readFileSync(file, 'utf8').replace(/^\ufeff/, '').trim()
  const begin = text.indexOf('-----BEGIN')
  // RFC 7468 5.2: what is said before it is of no meaning.
  if (begin !== -1) return { key: publicKeyOf(file, text.slice(begin)), algorithms: ASYMMETRIC }
  if (text.startsWith('{')) return keysOfJson(file, text)
  if (!/^[\x21-\x7e]+$/.test(text) || /^[[<"]/.test(text) || isPublicKey(text)) {
    throw new Error(`${file} holds neither a public key as PEM or JSON Web Key nor a secret of one word`)
  }
  return secret(file, Buffer.from(text))
}

/** Whether it is one in base64 without its frame. */
function isPublicKey (text: string): boolean {
  try {
    createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' })
    return true
  } catch {
    return false
  }
}

function publicKeyOf (file: string, pem: string): KeyObject {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY/.test(pem)) throw new Error(`${file} holds a private key, the public one is wanted`)
  try {
    return createPublicKey(pem)
  } catch {
    throw new Error(`${file} holds no public key and no certificate that can be read`)
  }
}

function keysOfJson (file: string, text: string): Keys {
  const parsed = parse(file, text)
  const keys: JWK[] = 'keys' in parsed ? parsed.keys : [parsed]
  if (!Array.isArray(keys) || keys.length === 0) throw new Error(`${file} holds no JSON Web Key`)
  if (keys.some((key) => Object(key).d !== undefined)) throw new Error(`${file} holds a private key, the public one is wanted`)
  const [first] = keys
  if (keys.length === 1 && first?.kty === 'oct') return secret(file, Buffer.from(String(first.k ?? ''), 'base64url'))
  try {
    // The only one there is need not have the name that a token gives it.
    const key = 'keys' in parsed ? createLocalJWKSet(parsed) : createPublicKey({ key: parsed as JsonWebKey, format: 'jwk' })
    return { key, algorithms: ASYMMETRIC }
  } catch {
    throw new Error(`${file} holds no JSON Web Keys that can be read`)
  }
}

function parse (file: string, text: string): JSONWebKeySet | JWK {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`${file} begins as JSON, and is none`)
  }
}

function secret (file: string, key: Buffer): Keys {
  if (key.length < MIN_SECRET_BYTES) {
    throw new Error(`${file} holds a secret of ${key.length} bytes, at least ${MIN_SECRET_BYTES} are wanted`)
  }
  return { key, algorithms: SYMMETRIC }
}
