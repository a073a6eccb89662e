import { Type } from 'typebox'
import { isBlocked } from '../blocked-ports.ts'
import { isLoopback } from '../loopback.ts'
import { readKeys } from './keys.ts'
import { originFault } from './origins.ts'
import { readTokens } from './token-file.ts'

const optional = (description: string) => Type.Optional(Type.String({ description }))
const choice = <T extends string> (values: readonly T[]) =>
  Type.Optional(Type.Unsafe<T>({ type: 'string', enum: values, description: `one of ${values.join(', ')}` }))

const TOLERANCE_LIMIT_MS = 300_000

/** Who may connect. */
export const authSettings = {
  AUTH: choice(['none', 'token', 'jwt']),
  AUTH_TOKENS_FILE: optional('a file with a line NAME sha256:HEX for each token (npx popcast token NAME makes one)'),
  JWT_KEY_FILE: optional('a file with a public key (PEM or JSON Web Key), or with a secret of at least 32 bytes'),
  JWT_JWKS_URL: optional('the https:// URL of a set of JSON Web Keys, or http:// on this machine'),
  JWT_ISSUER: optional('the issuer that tokens must name'),
  JWT_AUDIENCE: optional('the audience that tokens must name'),
  JWT_TOLERANCE_MS: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: TOLERANCE_LIMIT_MS,
    description: `milliseconds, a whole number from 0 to ${TOLERANCE_LIMIT_MS}`
  }),
  ALLOWED_ORIGINS: optional(
    'comma-separated origins of pages, e.g. https://board.example or https://*.example.com; null, or * for all'
  ),
  STATUS_DETAILS: choice(['full', 'redacted'])
}

export interface AuthSettings {
  AUTH?: 'none' | 'token' | 'jwt' | undefined
  AUTH_TOKENS_FILE?: string | undefined
  JWT_KEY_FILE?: string | undefined
  JWT_JWKS_URL?: string | undefined
  JWT_ISSUER?: string | undefined
  JWT_AUDIENCE?: string | undefined
  JWT_TOLERANCE_MS: number
  ALLOWED_ORIGINS?: string | undefined
}

interface Fault {
  variable: Exclude<keyof AuthSettings, 'JWT_TOLERANCE_MS'>
  fault: string
}

export function originsOf ({ ALLOWED_ORIGINS }: Pick<AuthSettings, 'ALLOWED_ORIGINS'>): string[] {
  return ALLOWED_ORIGINS?.split(',').map((origin) => origin.trim()) ?? []
}

/** What no schema tells. @param isReachable whether others than this machine can connect */
export function * authSettingFaults (settings: AuthSettings, host: string, isReachable: boolean): Iterable<Fault> {
  const { AUTH } = settings
  if (AUTH === undefined && isReachable) {
    yield {
      variable: 'AUTH',
      fault: `is not set, and HOST ${JSON.stringify(host)} can be reached from elsewhere: ` +
        'say token or jwt, or none if whoever reaches the port may read everything'
    }
  }
  for (const origin of originsOf(settings)) {
    const fault = originFault(origin)
    if (fault !== null) yield { variable: 'ALLOWED_ORIGINS', fault }
  }
  yield * unusedFaults(settings)
  if (AUTH === 'token') yield * tokenFaults(settings)
  if (AUTH === 'jwt') yield * jwtFaults(settings)
}

/** Who sets one of these wants to be asked for tokens: to leave it out of account would let everybody in. */
function * unusedFaults (settings: AuthSettings): Iterable<Fault> {
  const { AUTH = 'none' } = settings
  const needed =
    { AUTH_TOKENS_FILE: 'token', JWT_KEY_FILE: 'jwt', JWT_JWKS_URL: 'jwt', JWT_ISSUER: 'jwt', JWT_AUDIENCE: 'jwt' } as const
  for (const [variable, kind] of Object.entries(needed) as Array<[keyof typeof needed, string]>) {
    if (settings[variable] !== undefined && AUTH !== kind) yield { variable, fault: `is set, and AUTH is ${AUTH}, not ${kind}` }
  }
}

function * tokenFaults ({ AUTH_TOKENS_FILE: file }: AuthSettings): Iterable<Fault> {
  const variable = 'AUTH_TOKENS_FILE'
  if (file === undefined) yield { variable, fault: 'is not set, and AUTH is token' }
  else yield * fileFault(variable, () => readTokens(file))
}

function * jwtFaults ({ JWT_KEY_FILE: file, JWT_JWKS_URL: url, JWT_AUDIENCE }: AuthSettings): Iterable<Fault> {
  if (file === undefined && url === undefined) {
    yield { variable: 'JWT_JWKS_URL', fault: 'is not set, nor is JWT_KEY_FILE, and AUTH is jwt' }
  }
  if (file !== undefined && url !== undefined) yield { variable: 'JWT_KEY_FILE', fault: 'is set, and so is JWT_JWKS_URL' }
  if (file !== undefined) yield * fileFault('JWT_KEY_FILE', () => readKeys(file))
  if (url === undefined) return
  const fault = jwksFault(url)
  if (fault !== null) yield { variable: 'JWT_JWKS_URL', fault }
  if (JWT_AUDIENCE === undefined) {
    const fault = 'is not set, and JWT_JWKS_URL is: tokens that its owner signs for others would be taken'
    yield { variable: 'JWT_AUDIENCE', fault }
  }
}

function jwksFault (text: string): string | null {
  if (!URL.canParse(text)) return 'is no http:// or https:// URL'
  const url = new URL(text)
  if (!/^https?:$/.test(url.protocol)) return 'is no http:// or https:// URL'
  if (url.username !== '' || url.password !== '') return 'has a user name or password in it, which fetch does not take'
  if (isBlocked(url)) return `has the port ${url.port}, which fetch blocks`
  if (url.protocol === 'https:' || isLoopback(url.hostname.replace(/^\[|\]$/g, ''))) return null
  return 'is of http:, and not of this machine: whoever is on the way could put keys of their own in; use https: or JWT_KEY_FILE'
}

function * fileFault (variable: Fault['variable'], read: () => unknown): Iterable<Fault> {
  try {
    read()
  } catch (error) {
    yield { variable, fault: (error as Error).message }
  }
}
