import { readFileSync } from 'node:fs'
import { Type } from 'typebox'
import { isBlocked } from '../blocked-ports.ts'

const optional = (description: string) => Type.Optional(Type.String({ description }))

/** Where alerts go. */
export const notifySettings = {
  ALERTMANAGER_URL: optional('http:// or https:// URLs of Alertmanagers, several comma separated'),
  WEBHOOK_URL: optional('an http:// or https:// URL that takes alerts as JSON'),
  WEBHOOK_SECRET_FILE: optional('a file with the secret to sign webhooks with: 16 characters or more, or whsec_ and base64'),
  PUBLIC_URL: optional('the http:// or https:// URL under which people reach popcast')
}

type NotifySettings = { [variable in keyof typeof notifySettings]?: string | undefined }

interface Fault {
  variable: keyof NotifySettings
  fault: string
}

/** Shorter ones can be guessed. */
const MIN_SECRET_BYTES = 16
const ENCODED = 'whsec_'

/** Whether anybody is to be told. */
export function hasReceivers ({ ALERTMANAGER_URL, WEBHOOK_URL }: NotifySettings): boolean {
  return ALERTMANAGER_URL !== undefined || WEBHOOK_URL !== undefined
}

/** What of a URL list is between the commas. */
export function listed (urls: string): string[] {
  return urls.split(',').map((url) => url.trim())
}

/** What no schema tells. URLs may hold credentials, and are never shown. */
export function * notifySettingFaults (settings: NotifySettings): Iterable<Fault> {
  const { ALERTMANAGER_URL, WEBHOOK_URL, WEBHOOK_SECRET_FILE, PUBLIC_URL } = settings
  for (const [index, url] of (ALERTMANAGER_URL === undefined ? [] : listed(ALERTMANAGER_URL)).entries()) {
    const fault = urlFault(url) ?? portFault(url) ?? baseFault(url)
    if (fault !== null) yield { variable: 'ALERTMANAGER_URL', fault: `number ${index + 1} ${fault}` }
  }
  const publicFault = PUBLIC_URL === undefined ? null : urlFault(PUBLIC_URL) ?? baseFault(PUBLIC_URL)
  if (publicFault !== null) yield { variable: 'PUBLIC_URL', fault: publicFault }
  const webhookFault = WEBHOOK_URL === undefined ? null : urlFault(WEBHOOK_URL) ?? portFault(WEBHOOK_URL)
  if (webhookFault !== null) yield { variable: 'WEBHOOK_URL', fault: webhookFault }
  if (WEBHOOK_URL !== undefined && WEBHOOK_SECRET_FILE === undefined) {
    yield { variable: 'WEBHOOK_SECRET_FILE', fault: 'is not set, and WEBHOOK_URL is' }
  }
  if (WEBHOOK_SECRET_FILE === undefined) return
  if (WEBHOOK_URL === undefined) yield { variable: 'WEBHOOK_URL', fault: 'is not set, and WEBHOOK_SECRET_FILE is' }
  try {
    readSecret(WEBHOOK_SECRET_FILE)
  } catch (error) {
    yield { variable: 'WEBHOOK_SECRET_FILE', fault: (error as Error).message }
  }
}

/**
 * The key of a file: its text without the white space around it, or what `whsec_` encodes.
 * @throws {Error} when it cannot be read or is too short; never with what is in it
 */
export function readSecret (file: string): Buffer {
  const text = readFileSync(file, 'utf8').trim()
  const isEncoded = text.startsWith(ENCODED)
  const encoded = text.slice(ENCODED.length)
  if (isEncoded && !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) throw new Error(`${file} has no base64 after ${ENCODED}`)
  const key = isEncoded ? Buffer.from(encoded, 'base64') : Buffer.from(text)
  if (key.length < MIN_SECRET_BYTES) throw new Error(`${file} holds ${key.length} bytes, too few for a secret`)
  return key
}

function urlFault (value: string): string | null {
  if (!URL.canParse(value)) return 'cannot be parsed as a URL'
  const { protocol, hash } = new URL(value)
  if (protocol !== 'http:' && protocol !== 'https:') return `has the protocol ${JSON.stringify(protocol)}`
  return hash === '' ? null : 'has a fragment'
}

/** Of where something is posted to. */
function portFault (value: string): string | null {
  const url = new URL(value)
  if (!isBlocked(url)) return null
  return `has the port ${url.port}, to which fetch sends nothing (https://fetch.spec.whatwg.org/#port-blocking)`
}

/** Of what a path is added to. */
function baseFault (value: string): string | null {
  const { pathname, search } = new URL(value)
  if (search !== '') return 'has a query'
  return /\/api\/v[12](\/alerts)?\/?$/.test(pathname) ? 'ends with the path of the API, which is added' : null
}
