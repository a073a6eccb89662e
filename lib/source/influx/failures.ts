import { HttpError } from '@influxdata/influxdb-client'
import { described } from '../../request-failure.ts'
import { SourceError, type SourceFailure } from '../source-error.ts'

const MAX_LOGGED_CHARACTERS = 300

/** Puts any failure of a call into the four reasons; words of the database are shortened and cleared of `secrets`. */
export function classify (error: unknown, secrets: readonly string[]): SourceError {
  if (error instanceof SourceError) return error
  if (error instanceof HttpError) {
    return new SourceError(reasonOfStatus(error.statusCode), clean(`HTTP ${error.statusCode}: ${error.message}`, secrets))
  }
  if (error instanceof SyntaxError) return new SourceError('bad_answer', 'the answer is not JSON')
  if (error instanceof TypeError) return new SourceError('bad_answer', `the answer has another shape: ${error.message}`)
  return new SourceError('unavailable', clean(described(error), secrets))
}

/** All the forms in which a token may be repeated in an error. */
export function secretsOf (token: string | undefined): string[] {
  if (token === undefined) return []
  const password = token.slice(token.indexOf(':') + 1)
  return [token, encodeURIComponent(token), Buffer.from(token).toString('base64'), ...(password.length > 3 ? [password] : [])]
}

export function reasonOfStatus (statusCode: number): SourceFailure {
  if (statusCode === 401 || statusCode === 403) return 'unauthorized'
  if (statusCode === 429 || statusCode >= 500) return 'unavailable'
  return 'bad_answer'
}

function clean (message: string, secrets: readonly string[]): string {
  return secrets
    .reduce((text, secret) => text.replaceAll(secret, '***'), message)
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_LOGGED_CHARACTERS)
}
