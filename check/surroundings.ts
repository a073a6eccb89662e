import { access, mkdtemp, rmdir, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Config } from '../config.ts'
import { RemoteKeys } from '../lib/auth/remote-keys.ts'
import { readTokens } from '../lib/auth/token-file.ts'
import type { Clock } from '../lib/clock.ts'
import { checkLength, DirectoryLock } from '../lib/cluster/directory-lock.ts'
import { endpointOf, type Endpoint } from '../lib/notify/endpoint.ts'
import { listed } from '../lib/notify/settings.ts'
import { requestFailure } from '../lib/request-failure.ts'
import { silentLog } from './silent-log.ts'
import { note, ok, problem, type Finding, type Part } from './finding.ts'

/** Somebody who takes longer would be of no use. */
const TIMEOUT_MS = 5_000
const MIB = 1_048_576
const MIN_FREE_BYTES = 64 * MIB

/** Everything else that the settings name and that must be there: nothing in any of it is other than before. */
export async function lookAround (config: Config, clock: Clock): Promise<Finding[]> {
  const looks = [lookAtAccess, lookAtCluster, lookAtState, lookAtAlertmanagers, lookAtWebhook, lookAtTraces]
  return (await Promise.all(looks.map((look) => look(config, clock)))).flat()
}

async function lookAtAccess (config: Config, clock: Clock): Promise<Finding[]> {
  const { AUTH, AUTH_TOKENS_FILE: file, JWT_JWKS_URL: url } = config
  if (AUTH === 'none') return [ok('access', 'AUTH is none: whoever reaches the port may read everything', { auth: AUTH })]
  if (AUTH === 'token' && file !== undefined) return [tokensOf(file, clock.now())]
  if (url === undefined) return [ok('access', 'AUTH is jwt, with the key of JWT_KEY_FILE', { auth: AUTH })]
  const { host } = new URL(url)
  try {
    const { usable, unusable } = await new RemoteKeys({ url: new URL(url), clock, log: silentLog }).load()
    const facts = { auth: AUTH, keys: usable, unusable }
    const some = `${host} has ${usable} ${usable === 1 ? 'key' : 'keys'}`
    if (usable === 0) return [problem('access', `JWT_JWKS_URL: ${host} answers without any key that can be used`, facts)]
    if (unusable === 0) return [ok('access', `AUTH is jwt; ${some}`, facts)]
    return [note('access', `AUTH is jwt; ${some}, and ${unusable} that cannot be used`, facts)]
  } catch (error) {
    return [problem('access', `JWT_JWKS_URL: ${host}: ${(error as Error).message}`)]
  }
}

function tokensOf (file: string, now: number): Finding {
  const tokens = readTokens(file)
  const valid = tokens.filter(({ grant: { expiresAt } }) => expiresAt === null || expiresAt > now).length
  const facts = { auth: 'token', tokens: tokens.length, valid }
  if (valid === 0) return problem('access', `AUTH_TOKENS_FILE: all ${tokens.length} tokens have expired`, facts)
  const expired = valid < tokens.length ? `, ${tokens.length - valid} of them expired` : ''
  return ok('access', `AUTH is token; the file has ${tokens.length}${expired}`, facts)
}

async function lookAtCluster (config: Config, clock: Clock): Promise<Finding[]> {
  if (config.CLUSTER_URL === undefined) return []
  // Nobody else needs any of it.
  return (await import('./cluster.ts')).lookAtCluster(config.CLUSTER_URL, config.CLUSTER_NAME, clock)
}

async function lookAtState ({ STATE_DIR: directory }: Config, clock: Clock): Promise<Finding[]> {
  if (directory === undefined) return []
  try {
    if (!await isThere(directory)) {
      checkLength(directory)
      // Where may be written to what is none of the disk's, a directory cannot be made all the same.
      await rmdir(await mkdtemp(join(await nearest(resolve(directory)), '.popcast-check-')))
      return [ok('state', `STATE_DIR ${directory} is not there yet, and can be made`)]
    }
    // As the service does it, and let go at once.
    const lock = await DirectoryLock.acquire(directory, clock)
    if (lock === null) return [note('state', `STATE_DIR ${directory} is used by a process that runs`, { isUsed: true })]
    await lock.release()
    const { bavail, bsize } = await statfs(directory)
    const freeBytes = bavail * bsize
    const text = `STATE_DIR ${directory} can be used, and has ${Math.floor(freeBytes / MIB)} MiB left`
    return [(freeBytes < MIN_FREE_BYTES ? note : ok)('state', text, { freeBytes })]
  } catch (error) {
    return [problem('state', `STATE_DIR ${directory} cannot be used: ${(error as Error).message}`)]
  }
}

async function isThere (path: string): Promise<boolean> {
  return access(path).then(() => true, (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return false
    throw error
  })
}

/** The folder above that is there. */
async function nearest (path: string): Promise<string> {
  return path === dirname(path) || await isThere(path) ? path : nearest(dirname(path))
}

async function lookAtAlertmanagers ({ ALERTMANAGER_URL: urls }: Config): Promise<Finding[]> {
  if (urls === undefined) return []
  const status = (url: string) => ask('alertmanager', 'ALERTMANAGER_URL', endpointOf(url, '/api/v2/status'), 'GET')
  return Promise.all(listed(urls).map(status))
}

/** What it would do with an alert is not known before there is one; that it is there is said by any answer. */
async function lookAtWebhook ({ WEBHOOK_URL: url }: Config): Promise<Finding[]> {
  return url === undefined ? [] : [await ask('webhook', 'WEBHOOK_URL', endpointOf(url), 'HEAD')]
}

async function lookAtTraces ({ OTEL_EXPORTER_OTLP_ENDPOINT: url }: Config): Promise<Finding[]> {
  return url === undefined ? [] : [await ask('traces', 'OTEL_EXPORTER_OTLP_ENDPOINT', endpointOf(url), 'HEAD')]
}

/** @param method HEAD: whatever it says, it is there */
async function ask (part: Part, setting: string, endpoint: Endpoint, method: 'GET' | 'HEAD'): Promise<Finding> {
  const { url, headers, host } = endpoint
  try {
    const response = await fetch(url, { method, headers, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
    await response.body?.cancel()
    const { status } = response
    const isRefused = status === 401 || status === 403
    const facts = { host, status }
    if (method === 'HEAD' ? isRefused : !response.ok) return problem(part, `${setting}: ${host} answers ${status}`, facts)
    return ok(part, `${host} answers`, facts)
  } catch (error) {
    return problem(part, `${setting}: ${host}: ${requestFailure(error)}`, { host })
  }
}
