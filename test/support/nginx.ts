import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import type { Teardown } from './service.ts'

const nginx = process.env.TEST_NGINX ?? 'nginx'

/** Why there is no nginx for the tests, or null. `TEST_REQUIRE_NGINX` makes its absence a failure instead. */
export const nginxMissing = spawnSync(nginx, ['-v']).error === undefined ? null : 'no nginx (package nginx-light, or TEST_NGINX)'

/** For tap's `skip`. */
export const skipWithoutNginx = process.env.TEST_REQUIRE_NGINX === undefined && nginxMissing !== null ? nginxMissing : false

/** An nginx in front of `port`, as it comes: it buffers, and passes no upgrades. Resolves with its own port. */
export function proxy (t: Teardown, port: number): Promise<number> {
  return start(t, (own) => `server { listen 127.0.0.1:${own}; location / { proxy_pass http://127.0.0.1:${port}; } }`)
}

/** One with TLS, by a certificate that nobody knows, that has `port` under `/live/` and passes upgrades. */
export function proxyWithTls (t: Teardown, port: number): Promise<number> {
  return start(t, (own, folder) => {
    const { key, certificate } = selfSigned(folder)
    return `
      map $http_upgrade $connection_upgrade { default upgrade; '' close; }
      server {
        listen 127.0.0.1:${own} ssl; ssl_certificate ${certificate}; ssl_certificate_key ${key};
        location /live/ {
          proxy_pass http://127.0.0.1:${port}/; proxy_http_version 1.1;
          proxy_set_header Host $http_host;
          proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
        }
      }`
  })
}

/** A certificate for 127.0.0.1 that nobody knows, and its key: files. */
export function selfSigned (folder: string): { key: string, certificate: string } {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, '-days', '2']
  execFileSync('openssl', [...request, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
  return { key, certificate }
}

/** One as its text says. @param text what stands in `http {}`, of its own port and of a folder that goes with the test */
export function proxyOf (t: Teardown, text: (own: number, folder: string) => string): Promise<number> {
  return start(t, text)
}

/** One as a file for it says, which listens on 8080; in the place of its upstreams, by name and port, these ports of ours. */
export function proxyAsIn (t: Teardown, file: string, upstreams: Readonly<Record<string, number>>): Promise<number> {
  return start(t, (own) => {
    let text = readFileSync(file, 'utf8').replace('listen 8080', `listen 127.0.0.1:${own}`)
    for (const [name, port] of Object.entries(upstreams)) text = text.replaceAll(name, `127.0.0.1:${port}`)
    return text
  })
}

async function start (t: Teardown, servers: (own: number, folder: string) => string): Promise<number> {
  if (nginxMissing !== null) throw new Error(nginxMissing)
  const folder = mkdtempSync(join(tmpdir(), 'popcast-nginx-'))
  const own = await freePort()
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${join(folder, name)};`)
  writeFileSync(join(folder, 'nginx.conf'), `
    daemon off; master_process off; pid ${join(folder, 'pid')}; error_log ${join(folder, 'error.log')};
    events {}
    http {
      access_log off; gzip on; gzip_types *; ${paths.join(' ')}
      ${servers(own, folder)}
    }`)
  const args = ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')]
  const child = spawn(nginx, args, { stdio: 'inherit' })
  t.teardown(async () => {
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    await exit
    rmSync(folder, { recursive: true })
  })
  await listening(own)
  return own
}

/** Resolves when somebody listens there: neither nginx nor Caddy says so in a way to wait for. */
export async function listening (port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await new Promise((resolve) => socket.on('connect', () => resolve(true)).on('error', () => resolve(false)))
    socket.destroy()
    if (isOpen) return
  }
}
