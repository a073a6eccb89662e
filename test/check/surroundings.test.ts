import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { lookAround } from '../../check/surroundings.ts'
import { loadConfig } from '../../config.ts'
import { newToken } from '../../lib/auth/tokens.ts'
import { systemClock } from '../../lib/clock.ts'
import { checked, told } from '../support/check.ts'
import { answering } from '../support/http-server.ts'
import { skipWithoutAlertmanager, startAlertmanager } from '../support/prometheus.ts'
import { noRedis, Redis } from '../support/redis.ts'
import { portOf, startService } from '../support/service.ts'
import { jwkOf, pairs } from '../support/tokens.ts'

const saying = (t: Test, status: number, body = '') => answering(t, (_request, response) => response.writeHead(status).end(body))

t.test('wrong settings are said as the service says them, with its exit code', async (t) => {
  const env = { PORT: 'x', INFLUXDB_URL: 'http://user:secret@127.0.0.1' }
  const { code, findings, output } = await checked(t, env)
  t.equal(code, 1)
  t.match(told(findings), /^problem settings: PORT: "x" must be integer; accepted: a TCP port/m)
  t.notMatch(output, 'secret')
  const service = startService(t, env)
  t.equal((await service.exit).code, 1)
  t.match(service.stderr(), findings[0]!.text)
})

t.test('a directory', async (t) => {
  // A short path: a socket has to have room in it.
  const folder = mkdtempSync(join(tmpdir(), 'check-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'used'))
  writeFileSync(join(folder, 'file'), '')
  const look = async (STATE_DIR: string) => told(await lookAround(loadConfig({ STATE_DIR }), systemClock))
  t.match(await look(join(folder, 'used')), /^ok state: .* can be used, and has \d+ MiB left$/m)
  t.strictSame(readdirSync(join(folder, 'used')), [], 'nothing is left there')
  t.match(await look(join(folder, 'new', 'er')), /^ok state: .* is not there yet, and can be made$/m)
  t.strictSame(readdirSync(folder).sort(), ['file', 'used'], 'it is not made')
  t.match(await look(join(folder, 'file')), /^problem state: .* cannot be used: /m)
  t.match(await look(join(folder, 'new', 'z'.repeat(100))), /^problem state: .* its path is longer than \d+ bytes$/m)
  t.match(await look('/proc/self/new'), /^problem state: .* cannot be used: /m)
  mkdirSync(join(folder, 'y'.repeat(100)))
  t.match(await look(join(folder, 'y'.repeat(100))), /^problem state: .* its path is longer than \d+ bytes$/m)
  const service = startService(t, { STATE_DIR: join(folder, 'used') })
  await portOf(service)
  t.match(await look(join(folder, 'used')), /^note state: .* is used by a process that runs$/m)
  t.equal((await fetch(`http://127.0.0.1:${await portOf(service)}/health/live`)).status, 200, 'which goes on')
})

t.test('an engine that is shared', { skip: noRedis() ?? false }, async (t) => {
  const redis = await Redis.start(t)
  const env = { CLUSTER_URL: redis.url }
  const before = told((await checked(t, env)).findings)
  t.match(before, /^ok cluster: (Redis|Valkey) \d\S+ answers at 127\.0\.0\.1:\d+; there is no stream popcast yet$/m)
  t.match(before, /^note cluster: the engine keeps no append-only file/m)
  const service = startService(t, { ...env, POLL: 'always', DEMO_POPS: '1' })
  const port = await portOf(service)
  await fetch(`http://127.0.0.1:${port}/api/metrics/latest`)
  t.match(told((await checked(t, env)).findings), /^ok cluster: .*; the stream popcast is there, with \d+ updates$/m)
  const wrong = await checked(t, { CLUSTER_URL: redis.url.replace('//', '//user:secret@') })
  t.equal(wrong.code, 1)
  t.match(told(wrong.findings), /^problem cluster: CLUSTER_URL: 127\.0\.0\.1:\d+: WRONGPASS/m)
  t.notMatch(wrong.output, 'secret')
  await redis.kill()
  const gone = await checked(t, env)
  t.equal(gone.code, 1)
  t.match(told(gone.findings), /^problem cluster: CLUSTER_URL: 127\.0\.0\.1:\d+: .*ECONNREFUSED/m)
})

t.test('an engine that may lose the stream, or cannot be written to', { skip: noRedis() ?? false }, async (t) => {
  const kept = await Redis.start(t, { persists: true })
  const found = async ({ url }: Redis) => told((await checked(t, { CLUSTER_URL: url })).findings)
  t.notMatch(await found(kept), /^note cluster/m, 'nothing is lost')
  const small = await Redis.start(t, { settings: () => ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] })
  t.match(await found(small), /^note cluster: maxmemory-policy allkeys-lru may drop the stream .*noeviction would not$/m)
  const replica = await Redis.start(t, { settings: () => ['--replicaof', '127.0.0.1', String(kept.port)] })
  t.match(await found(replica), /^problem cluster: .* is a replica, which cannot be written to$/m)
})

t.test('a real Alertmanager', { skip: skipWithoutAlertmanager }, async (t) => {
  const { url } = await startAlertmanager(t)
  const { code, findings } = await checked(t, { ALERTMANAGER_URL: `${url},http://user:secret@127.0.0.1:65535` })
  t.equal(code, 1)
  t.match(told(findings), new RegExp(`^ok alertmanager: ${new URL(url).host} answers$`, 'm'))
  t.match(told(findings), /^problem alertmanager: ALERTMANAGER_URL: 127\.0\.0\.1:65535: ECONNREFUSED/m)
  t.notMatch(told(findings), 'secret')
})

t.test('who is told over HTTP', async (t) => {
  const [takes, refuses] = [await saying(t, 405), await saying(t, 403)]
  const secret = join(t.testdir({ secret: 'a secret of sixteen' }), 'secret')
  const env = { WEBHOOK_SECRET_FILE: secret, WEBHOOK_URL: `http://127.0.0.1:${takes}/hooks/secret-path` }
  const { code, findings, output } = await checked(t, { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${takes}` })
  t.equal(code, 0)
  t.match(told(findings), new RegExp(`^ok webhook: 127.0.0.1:${takes} answers\nok traces: 127.0.0.1:${takes} answers$`, 'm'))
  t.notMatch(output, 'secret')
  const refused = await checked(t, { ...env, WEBHOOK_URL: `http://127.0.0.1:${refuses}/` })
  t.equal(refused.code, 1)
  t.match(told(refused.findings), new RegExp(`^problem webhook: WEBHOOK_URL: 127.0.0.1:${refuses} answers 403$`, 'm'))
})

t.test('whom AUTH would let in', async (t) => {
  const folder = t.testdir({})
  const tokens = (lines: string[]) => {
    const file = join(folder, `tokens-${lines.length}-${lines.join('').length}`)
    writeFileSync(file, lines.join('\n'))
    chmodSync(file, 0o600)
    return { AUTH: 'token', AUTH_TOKENS_FILE: file }
  }
  const { hash } = newToken()
  const said = async (env: Record<string, string>) => told(await lookAround(loadConfig(env), systemClock))
  t.match(await said(tokens([`wall ${hash}`])), /^ok access: AUTH is token; the file has 1$/m)
  const expired = `hall ${newToken().hash} expires=2020-01-01`
  t.match(await said(tokens([`wall ${hash}`, expired])), /the file has 2, 1 of them expired$/m)
  t.match(await said(tokens([expired])), /^problem access: AUTH_TOKENS_FILE: all 1 tokens have expired$/m)
  const key = JSON.stringify(await jwkOf(pairs.ES256))
  const keys = await saying(t, 200, `{"keys":[${key}]}`)
  const jwt = (port: number) => ({ AUTH: 'jwt', JWT_JWKS_URL: `http://127.0.0.1:${port}/keys`, JWT_AUDIENCE: 'popcast' })
  t.match(await said(jwt(keys)), new RegExp(`^ok access: AUTH is jwt; 127.0.0.1:${keys} has 1 key$`, 'm'))
  const broken = '{"kty":"RSA","kid":"broken","n":"AQ"}'
  const some = await saying(t, 200, `{"keys":[${key},${broken}]}`)
  t.match(await said(jwt(some)), /^note access: AUTH is jwt; \S+ has 1 key, and 1 that cannot be used$/m)
  for (const text of ['{"keys":[]}', `{"keys":[${broken}]}`, '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}']) {
    const none = await saying(t, 200, text)
    t.match(await said(jwt(none)), /^problem access: JWT_JWKS_URL: \S+ answers without any key that can be used$/m)
  }
  // As of the service: none of them is a set of keys.
  for (const [status, text] of [[302, ''], [500, ''], [200, '{}'], [200, '<html>']] as const) {
    const none = await saying(t, status, text)
    t.match(await said(jwt(none)), /^problem access: JWT_JWKS_URL: 127\.0\.0\.1:\d+: .*JSON Web Key Set/m, `${status} ${text}`)
  }
})
