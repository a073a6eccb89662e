import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { splitTopics } from '../protocol/client-messages.ts'
import { topics as allTopics } from '../protocol/fields.ts'
import { allowedPops, type Grant } from './grant.ts'

/** One line of a file of tokens. */
export interface TokenEntry {
  readonly name: string
  readonly hash: Buffer
  readonly grant: Grant
}

const HASH = 'sha256:'
const NAME = /^[^\s#][^\s]*$/
const TOKEN_BYTES = 32

/** A line that makes no sense, by its number; never with the hash. */
export class TokenFileError extends Error {}

/** A token that nobody guesses, and what is kept of it. */
export function newToken (): { token: string, hash: string } {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  return { token, hash: `${HASH}${hashOf(token).toString('hex')}` }
}

export function hashOf (token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** As long for every token, whether there is one like it or not. */
export function findEntry (entries: readonly TokenEntry[], token: string): TokenEntry | null {
  const hash = hashOf(token)
  let found: TokenEntry | null = null
  for (const entry of entries) if (timingSafeEqual(entry.hash, hash)) found = entry
  return found
}

/**
 * Reads `NAME sha256:HEX [expires=ISO 8601] [topics=metrics,alerts] [pops=fra1,ams1]`, one token per line; `#` begins a comment.
 * @throws {TokenFileError} for the first line that makes no sense
 */
export function parseTokens (text: string): TokenEntry[] {
  const entries: TokenEntry[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const words = line.replace(/(^|\s)#.*$/, '').trim().split(/\s+/).filter((word) => word !== '')
    if (words.length === 0) continue
    try {
      const entry = parseEntry(words)
      if (entries.some(({ name }) => name === entry.name)) throw new TokenFileError(`the name ${show(entry.name)} is there twice`)
      if (entries.some(({ hash }) => hash.equals(entry.hash))) throw new TokenFileError('the token of another line')
      entries.push(entry)
    } catch (error) {
      if (error instanceof TokenFileError) throw new TokenFileError(`line ${index + 1}: ${error.message}`)
      throw error
    }
  }
  return entries
}

function parseEntry ([name = '', hash = '', ...attributes]: readonly string[]): TokenEntry {
  if (!NAME.test(name)) throw new TokenFileError('no name')
  if (!/^sha256:[\da-f]{64}$/i.test(hash)) throw new TokenFileError(`after the name ${HASH} and 64 hexadecimal digits are wanted`)
  let grant: Grant = { name, topics: null, pops: null, expiresAt: null }
  const keys = attributes.map((attribute) => attribute.split('=')[0])
  const twice = keys.find((key, index) => keys.indexOf(key) !== index)
  if (twice !== undefined) throw new TokenFileError(`${twice}= is there twice`)
  for (const attribute of attributes) grant = { ...grant, ...parseAttribute(attribute) }
  return { name, hash: Buffer.from(hash.slice(HASH.length), 'hex'), grant }
}

function parseAttribute (attribute: string): Partial<Grant> {
  const [key = '', ...rest] = attribute.split('=')
  const value = rest.join('=')
  if (key === 'expires') return { expiresAt: expiryOf(value) }
  const values = value.split(',').filter((one) => one !== '')
  if (key !== 'topics' && key !== 'pops') throw new TokenFileError(`${show(attribute)} is none of expires=, topics=, pops=`)
  if (values.length === 0) throw new TokenFileError(`${key} names nothing`)
  return key === 'pops' ? { pops: allowedPops(values) } : { topics: topicsOf(values) }
}

/** ISO 8601, a date or a time; without a zone UTC. @throws {TokenFileError} */
export function expiryOf (text: string): number {
  const isIso = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text)
  const time = Date.parse(/T.*(Z|[+-]\d{2}:\d{2})$/.test(text) || !text.includes('T') ? text : `${text}Z`)
  if (!isIso || Number.isNaN(time)) throw new TokenFileError(`expires: ${show(text)} is not a time of ISO 8601`)
  return time
}

/** @throws {TokenFileError} for one that there is not: it would be a limit that nobody meant */
export function topicsOf (names: readonly string[]): Grant['topics'] {
  const { topics, unknownTopics } = splitTopics(names)
  if (unknownTopics !== undefined) throw new TokenFileError(`topics: ${show(unknownTopics[0])} is not of ${allTopics.join(', ')}`)
  return new Set(topics)
}

const show = (value: unknown) => JSON.stringify(value)
