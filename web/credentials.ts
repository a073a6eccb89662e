import { signal, type ReadonlySignal } from '@preact/signals'

/** For this tab, and no longer than it is open. */
const KEY = 'popcast.token'

export interface Credentials {
  /** Empty: none. */
  readonly token: ReadonlySignal<string>
  keep (token: string): void
  /** As `fetch`, with the token. */
  readonly fetch: typeof fetch
}

/** The token that somebody has given to the page. It is in no cookie, so no other page sends it along. */
export function createCredentials (): Credentials {
  const token = signal(stored())
  return {
    token,
    keep (given) {
      token.value = given
      try {
        sessionStorage.setItem(KEY, given)
      } catch {
        // Where nothing may be stored, it is asked for again with the next page.
      }
    },
    fetch: (url, init = {}) => fetch(url, {
      ...init,
      headers: { ...init.headers as Record<string, string>, ...token.value !== '' && { authorization: `Bearer ${token.value}` } }
    })
  }
}

function stored (): string {
  try {
    return sessionStorage.getItem(KEY) ?? ''
  } catch {
    return ''
  }
}
