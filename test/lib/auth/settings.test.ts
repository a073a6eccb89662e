import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { isLoopback } from '../../../lib/loopback.ts'
import { faultsOf } from '../../support/setting-faults.ts'
import { named, SECRET } from '../../support/tokens.ts'

const folder = t.testdir({})
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const AUTH_TOKENS_FILE = file('tokens', named({ wall: '' }).text)
const JWT_KEY_FILE = file('secret', SECRET)
const JWT_JWKS_URL = 'https://issuer.example/keys'

const cases: Array<{ name: string, env: Record<string, string>, faults: RegExp[] }> = [
  { name: 'loopback', env: {}, faults: [] },
  {
    name: 'every address',
    env: { HOST: '0.0.0.0' },
    faults: [/^AUTH is not set, and HOST "0.0.0.0" can be reached from elsewhere/]
  },
  { name: 'a name', env: { HOST: 'board.example' }, faults: [/^AUTH is not set/] },
  { name: 'a choice', env: { HOST: '::', AUTH: 'none' }, faults: [] },
  { name: 'tokens', env: { HOST: '::', AUTH: 'token', AUTH_TOKENS_FILE }, faults: [] },
  { name: 'tokens without a file', env: { AUTH: 'token' }, faults: [/^AUTH_TOKENS_FILE is not set/] },
  {
    name: 'a file that is not there', env: { AUTH: 'token', AUTH_TOKENS_FILE: '/nowhere' }, faults: [/^AUTH_TOKENS_FILE ENOENT/]
  },
  { name: 'an empty file', env: { AUTH: 'token', AUTH_TOKENS_FILE: file('empty', '# none\n') }, faults: [/has no token in it$/] },
  {
    name: 'a file of something else', env: { AUTH: 'token', AUTH_TOKENS_FILE: JWT_KEY_FILE }, faults: [/line 1: after the name/]
  },
  {
    name: 'a file that is not asked for',
    env: { AUTH_TOKENS_FILE },
    faults: [/^AUTH_TOKENS_FILE is set, and AUTH is none, not token/]
  },
  { name: 'a key', env: { AUTH: 'jwt', JWT_KEY_FILE }, faults: [] },
  { name: 'no key', env: { AUTH: 'jwt' }, faults: [/^JWT_JWKS_URL is not set, nor is JWT_KEY_FILE/] },
  {
    name: 'two', env: { AUTH: 'jwt', JWT_KEY_FILE, JWT_JWKS_URL, JWT_AUDIENCE: 'x' }, faults: [/^JWT_KEY_FILE is set, and so is/]
  },
  { name: 'a URL', env: { AUTH: 'jwt', JWT_JWKS_URL, JWT_AUDIENCE: 'popcast' }, faults: [] },
  { name: 'a URL without an audience', env: { AUTH: 'jwt', JWT_JWKS_URL }, faults: [/^JWT_AUDIENCE is not set/] },
  {
    name: 'a port that fetch blocks',
    env: { AUTH: 'jwt', JWT_JWKS_URL: 'https://a:4190', JWT_AUDIENCE: 'x' },
    faults: [/4190, which fetch/]
  },
  ...['http://issuer.example/keys', 'http://10.0.0.1/', 'http://[fe80::1]/', 'http://127.0.0.1.evil.example/'].map((url) => ({
    name: `keys of ${url}`,
    env: { AUTH: 'jwt', JWT_JWKS_URL: url, JWT_AUDIENCE: 'x' },
    faults: [/^JWT_JWKS_URL is of http:, and not of this machine/]
  })),
  ...['http://localhost:8080/keys', 'http://[::1]/', 'http://127.1/'].map((url) => ({
    name: `keys of ${url}`, env: { AUTH: 'jwt', JWT_JWKS_URL: url, JWT_AUDIENCE: 'x' }, faults: []
  })),
  {
    name: 'keys with a password',
    env: { AUTH: 'jwt', JWT_JWKS_URL: 'https://user:s3cret@a/', JWT_AUDIENCE: 'x' },
    faults: [/^JWT_JWKS_URL has a user name or password in it/]
  },
  { name: 'another protocol', env: { AUTH: 'jwt', JWT_JWKS_URL: 'ftp://a/', JWT_AUDIENCE: 'x' }, faults: [/is no http/] },
  { name: 'no URL', env: { AUTH: 'jwt', JWT_JWKS_URL: 'keys', JWT_AUDIENCE: 'x' }, faults: [/^JWT_JWKS_URL is no http/] },
  {
    name: 'claims that nobody looks at',
    env: { AUTH: 'token', AUTH_TOKENS_FILE, JWT_ISSUER: 'x' },
    faults: [/^JWT_ISSUER is set, and AUTH is token/]
  },
  { name: 'an origin', env: { ALLOWED_ORIGINS: 'https://a.example, https://b.example' }, faults: [] },
  { name: 'no origin', env: { ALLOWED_ORIGINS: 'https://a.example,b' }, faults: [/^ALLOWED_ORIGINS "b" is no origin/] },
  { name: 'another word', env: { AUTH: 'basic' }, faults: [/^AUTH "basic" must be equal/] }
]
for (const { name, env, faults } of cases) {
  t.test(name, async (t) => {
    const found = faultsOf(env)
    t.equal(found.length, faults.length, found.join('; '))
    t.match(found, faults)
    t.notMatch(found.join(), SECRET)
  })
}

t.test('which addresses only this machine reaches', async (t) => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost', 'LOCALHOST', '::ffff:127.0.0.1']) t.ok(isLoopback(host), host)
  for (
    const host of ['0.0.0.0', '::', '192.0.2.1', 'localhost.example', '::ffff:192.0.2.1', 'fe80::1']
  ) t.notOk(isLoopback(host), host)
})
