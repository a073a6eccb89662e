import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, SignJWT, type JWTPayload } from 'jose'
import { newToken } from '../../lib/auth/tokens.ts'
import type { Teardown } from './service.ts'

export const SECRET = randomBytes(32).toString('base64url')
export const ISSUER = 'https://issuer.example'
export const AUDIENCE = 'popcast'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed = generateKeyPairSync('ed25519')

/** What a token may be signed with, and the file that says so. */
export const pairs = { RS256: rsa, PS512: rsa, ES256: ec, EdDSA: ed }

/** Files of one test, which go with it. */
export function folderOf (t: Teardown): (name: string, text: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'popcast-auth-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return (name, text) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
}

export function pemOf ({ publicKey }: { publicKey: KeyObject }): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

export async function jwkOf (pair: { publicKey: KeyObject }, kid?: string): Promise<Record<string, unknown>> {
  return { ...await exportJWK(pair.publicKey), ...(kid !== undefined && { kid }) }
}

interface Signing {
  alg?: string
  key?: KeyObject | Uint8Array
  kid?: string
  claims?: JWTPayload
}

/** A token that is right but for what is said. */
export async function sign ({ alg = 'HS256', key = Buffer.from(SECRET), kid, claims = {} }: Signing = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1_000)
  return new SignJWT({ sub: 'alice', iss: ISSUER, aud: AUDIENCE, exp: now + 600, ...claims })
    .setProtectedHeader({ alg, ...(kid !== undefined && { kid }) })
    .sign(key)
}

/** Signed by nobody. */
export function unsigned (claims: JWTPayload = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1_000)
  return `${part({ alg: 'none' })}.${part({ sub: 'alice', iss: ISSUER, aud: AUDIENCE, exp: now + 600, ...claims })}.`
}

/** Tokens with the lines of a file for them. */
export function named (names: Record<string, string>): { tokens: Record<string, string>, text: string } {
  const made = Object.entries(names).map(([name, attributes]) => ({ name, attributes, ...newToken() }))
  return {
    tokens: Object.fromEntries(made.map(({ name, token }) => [name, token])),
    text: made.map(({ name, hash, attributes }) => `${name} ${hash} ${attributes}\n`).join('')
  }
}
