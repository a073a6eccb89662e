/** Where something is posted to. */
export interface Endpoint {
  /** Without credentials. */
  url: string
  headers: Readonly<Record<string, string>>
  /** For the log: paths and queries hold secrets as well. */
  host: string
}

/** @param text a URL that was checked; its credentials become a header */
export function endpointOf (text: string, path = ''): Endpoint {
  const url = new URL(text)
  const { username, password, host } = url
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  url.username = ''
  url.password = ''
  if (path !== '') url.pathname = url.pathname.replace(/\/+$/, '') + path
  return {
    url: url.href,
    headers: credentials === ':' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    host
  }
}

/** Posts JSON. Resolves with the status of the answer. @throws when there is none in time */
export type Post = (endpoint: Endpoint, body: string, headers: Readonly<Record<string, string>>) => Promise<number>

/** Somebody who takes longer is tried again. */
const TIMEOUT_MS = 10_000

export const post: Post = async ({ url, headers: own }, body, headers) => {
  const response = await fetch(url, {
    method: 'POST',
    // It would be told what was meant for somebody else.
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { 'content-type': 'application/json', ...own, ...headers },
    body
  })
  await response.body?.cancel()
  return response.status
}
