import { once } from 'node:events'
import { get as request, type IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

const TIMEOUT_MS = 15_000

/**
 * One request on a connection of its own: one that is kept would count as a socket that is left.
 * @throws when there is no answer
 */
export async function get (url: string, headers: Record<string, string> = {}): Promise<Answer> {
  const outgoing = request(url, { agent: false, headers, timeout: TIMEOUT_MS })
  outgoing.on('timeout', () => outgoing.destroy(new Error(`${url} was not answered`)))
  const [response] = await once(outgoing, 'response')
  return { status: response.statusCode, headers: response.headers, body: await text(response) }
}
