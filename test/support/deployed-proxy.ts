import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.ts'
import { listening, proxyOf, selfSigned } from './nginx.ts'
import type { Teardown } from './service.ts'

const folder = fileURLToPath(new URL('../../../deploy/proxies/', import.meta.url))
const caddy = process.env.TEST_CADDY ?? 'caddy'

/** For tap's `skip`. `TEST_REQUIRE_CADDY` makes its absence a failure instead. */
export const skipWithoutCaddy =
  process.env.TEST_REQUIRE_CADDY === undefined && spawnSync(caddy, ['version']).error !== undefined
    ? 'no Caddy (package caddy, or TEST_CADDY)'
    : false

function replaced (text: string, replacements: Readonly<Record<string, string>>): string {
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`there is no ${from} in it`)
    text = text.replaceAll(from, to)
  }
  return text
}

/** The nginx of deploy/proxies in front of `port`, but for where it listens, its certificate, and how long it waits. */
export function deployedNginx (t: Teardown, port: number, readTimeout = '60s'): Promise<number> {
  return proxyOf(t, (own, place) => {
    const { key, certificate } = selfSigned(place)
    return replaced(readFileSync(join(folder, 'nginx.conf'), 'utf8'), {
      'listen 443 ssl': `listen 127.0.0.1:${own} ssl`,
      '/etc/nginx/board.example.pem': certificate,
      '/etc/nginx/board.example.key': key,
      '127.0.0.1:3001': `127.0.0.1:${port}`,
      'proxy_read_timeout 60s': `proxy_read_timeout ${readTimeout}`
    })
  })
}

/** The Caddy of deploy/proxies, in the same way; it asks nobody for a certificate. */
export async function deployedCaddy (t: Teardown, port: number): Promise<number> {
  const place = mkdtempSync(join(tmpdir(), 'popcast-caddy-'))
  const own = await freePort()
  const { key, certificate } = selfSigned(place)
  const site = replaced(readFileSync(join(folder, 'Caddyfile'), 'utf8'), {
    'board.example {': `https://127.0.0.1:${own} {\n\ttls ${certificate} ${key}\n\tbind 127.0.0.1`,
    'reverse_proxy 127.0.0.1:3001': `reverse_proxy 127.0.0.1:${port}`
  })
  const file = join(place, 'Caddyfile')
  writeFileSync(file, `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`)
  const child = spawn(caddy, ['run', '--config', file, '--adapter', 'caddyfile'], {
    stdio: 'ignore',
    env: { PATH: process.env.PATH, HOME: place, XDG_DATA_HOME: place, XDG_CONFIG_HOME: place }
  })
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    rmSync(place, { recursive: true, force: true })
  })
  await Promise.race([
    listening(own),
    once(child, 'exit').then(([code]) => { throw new Error(`Caddy ended with ${code}`) })
  ])
  return own
}
