import type { Grant } from './grant.ts'

/** Why a token is not taken: what is wrong with it, or that nobody can tell now. The message never has the token in it. */
export class TokenError extends Error {
  readonly code: 'UNAUTHORIZED' | 'AUTH_UNAVAILABLE'

  constructor (message: string, code: TokenError['code'] = 'UNAUTHORIZED') {
    super(message)
    this.name = 'TokenError'
    this.code = code
  }
}

/** Says of a token whose it is and what it is good for. */
export interface Verifier {
  /** @throws {TokenError} */
  verify (token: string): Promise<Grant>
  /** What a grant that was given earlier is now; null: it is withdrawn. */
  current (grant: Grant): Grant | null
  /** Calls `listener` when `current` may say something else. */
  onChange (listener: () => void): void
  close (): void
}

/** As long as a header may be; nobody's token is longer. */
const MAX_TOKEN_LENGTH = 8_192

/** @throws {TokenError} when it can be no token at all */
export function checkForm (token: string): void {
  if (token === '') throw new TokenError('the token is empty')
  if (token.length > MAX_TOKEN_LENGTH) throw new TokenError(`the token is longer than ${MAX_TOKEN_LENGTH} characters`)
}
