import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { JwtVerifier, type JwtOptions } from '../../../lib/auth/jwt.ts'
import { systemClock } from '../../../lib/clock.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeLog } from '../../support/fake-log.ts'
import { answering } from '../../support/http-server.ts'
import { AUDIENCE, folderOf, ISSUER, jwkOf, pairs, pemOf, SECRET, sign, unsigned } from '../../support/tokens.ts'

type Options = Partial<JwtOptions>

function open (t: Test, options: Options) {
  const log = new FakeLog()
  const verifier = new JwtVerifier({ issuer: ISSUER, audience: AUDIENCE, toleranceMs: 0, clock: systemClock, log, ...options })
  t.teardown(() => verifier.close())
  return { verifier, log }
}

const derOf = ({ publicKey }: { publicKey: KeyObject }) => publicKey.export({ type: 'spki', format: 'der' })
const seconds = () => Math.floor(Date.now() / 1_000)

for (const [alg, pair] of Object.entries(pairs)) {
  t.test(`${alg}, as PEM, as a key and as one of a set`, async (t) => {
    const file = folderOf(t)
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const files = [
      file('key.pem', pemOf(pair)),
      file('explained.pem', `\ufeff# of the issuer\nsubject=issuer\n${pemOf(pair)}`),
      file('key.json', JSON.stringify(await jwkOf(pair))),
      file('set.json', JSON.stringify({ keys: [await jwkOf(other, 'other'), await jwkOf(pair, 'ours')] }))
    ]
    for (const keyFile of files) {
      const { verifier } = open(t, { keyFile })
      const exp = seconds() + 60
      t.match(
        await verifier.verify(await sign({ alg, key: pair.privateKey, kid: 'ours', claims: { exp } })),
        { name: 'alice', topics: null, pops: null, expiresAt: exp * 1_000 }
      )
      // Whoever has the public key could make one.
      const confused = await sign({ alg: 'HS256', key: Buffer.from(pemOf(pair)), kid: 'ours' })
      await t.rejects(verifier.verify(confused), { code: 'UNAUTHORIZED' })
      await t.rejects(verifier.verify(unsigned()), { code: 'UNAUTHORIZED' })
    }
  })
}

t.test('of several keys without a name the one that fits is found', async (t) => {
  const [one, two, stranger] = [1, 2, 3].map(() => generateKeyPairSync('ed25519'))
  const keyFile = folderOf(t)('set.json', JSON.stringify({ keys: [await jwkOf(one!), await jwkOf(two!)] }))
  const { verifier } = open(t, { keyFile })
  t.match(await verifier.verify(await sign({ alg: 'EdDSA', key: two!.privateKey })), { name: 'alice' })
  await t.rejects(
    verifier.verify(await sign({ alg: 'EdDSA', key: stranger!.privateKey })), { message: /not signed with a key that is known/ }
  )
  const expired = await sign({ alg: 'EdDSA', key: two!.privateKey, claims: { exp: seconds() - 5 } })
  await t.rejects(verifier.verify(expired), { message: 'the token has expired' })
})

t.test('a secret', async (t) => {
  const file = folderOf(t)
  for (
    const keyFile of [
      file('secret', `${SECRET}\n`),
      file('oct.json', JSON.stringify({ kty: 'oct', k: Buffer.from(SECRET).toString('base64url') }))
    ]
  ) {
    const { verifier } = open(t, { keyFile })
    for (const alg of ['HS256', 'HS384', 'HS512']) t.match(await verifier.verify(await sign({ alg })), { name: 'alice' })
    await t.rejects(verifier.verify(await sign({ alg: 'RS256', key: pairs.RS256.privateKey })), { code: 'UNAUTHORIZED' })
  }
})

const refused: Array<{ name: string, token: () => string | Promise<string>, message: RegExp }> = [
  { name: 'empty', token: () => '', message: /empty/ },
  { name: 'far too long', token: () => 'a'.repeat(8_193), message: /longer than 8192/ },
  { name: 'no JWT', token: () => 'hunter2', message: /not signed with a key that is known/ },
  { name: 'signed by nobody', token: unsigned, message: /not signed with a key that is known/ },
  { name: 'of another key', token: () => sign({ key: Buffer.alloc(32) }), message: /not signed with a key that is known/ },
  {
    name: 'changed',
    token: async () => (await sign()).replace(/\.(.)/, '.Z'),
    message: /not signed with a key that is known|claim/
  },
  { name: 'expired', token: () => sign({ claims: { exp: seconds() - 1 } }), message: /^the token has expired$/ },
  { name: 'not valid yet', token: () => sign({ claims: { nbf: seconds() + 60 } }), message: /^the token is not valid yet$/ },
  {
    name: 'for another audience',
    token: () => sign({ claims: { aud: 'grafana' } }),
    message: /^the token is for another audience$/
  },
  { name: 'for nobody', token: () => sign({ claims: { aud: undefined } }), message: /audience/ },
  {
    name: 'of another issuer',
    token: () => sign({ claims: { iss: 'https://evil.example' } }),
    message: /^the token is of another issuer$/
  },
  { name: 'exp that is no number', token: () => sign({ claims: { exp: 'never' } as never }), message: /claim exp/ },
  {
    name: 'a topic that there is not',
    token: () => sign({ claims: { topics: ['weather'] } }),
    message: /"weather" is not of metrics/
  },
  {
    name: 'topics that are no list',
    token: () => sign({ claims: { topics: { all: true } } }),
    message: /topics is no list of texts/
  },
  { name: 'pops that are numbers', token: () => sign({ claims: { pops: [1] } }), message: /pops is no list of texts/ }
]
for (const { name, token, message } of refused) {
  t.test(`refused: ${name}`, async (t) => {
    const { verifier } = open(t, { keyFile: folderOf(t)('secret', SECRET) })
    await t.rejects(verifier.verify(await token()), { code: 'UNAUTHORIZED', message })
  })
}

t.test('limits, in the forms that issuers write', async (t) => {
  const { verifier } = open(t, { keyFile: folderOf(t)('secret', SECRET) })
  t.match(await verifier.verify(await sign({ claims: { topics: ['metrics'], pops: ['fra1', 'ams1'] } })), {
    topics: new Set(['metrics']), pops: { codes: new Set(['ams1', 'fra1']) }
  })
  t.match(await verifier.verify(await sign({ claims: { topics: 'metrics alerts', pops: 'fra1' } })), {
    topics: new Set(['metrics', 'alerts']), pops: { codes: new Set(['fra1']) }
  })
  t.match(await verifier.verify(await sign({ claims: { pops: [] } })), { pops: { codes: new Set() } }, 'none, rather than all')
})

t.test('clocks that differ', async (t) => {
  const { verifier } = open(t, { keyFile: folderOf(t)('secret', SECRET), toleranceMs: 30_000 })
  const exp = seconds() - 10
  t.match(await verifier.verify(await sign({ claims: { exp, nbf: seconds() + 10 } })), { expiresAt: (exp + 30) * 1_000 })
})

t.test('without issuer and audience any of the key\'s owner', async (t) => {
  const { verifier } = open(t, { keyFile: folderOf(t)('secret', SECRET), issuer: undefined, audience: undefined })
  t.match(await verifier.verify(await sign({ claims: { iss: 'x', aud: 'y', sub: undefined } })), { name: null })
})

t.test('a key file that changes', async (t) => {
  const clock = new FakeClock(Date.now())
  const keyFile = folderOf(t)('secret', SECRET)
  const { verifier, log } = open(t, { keyFile, clock })
  const next = 'n'.repeat(32)
  writeFileSync(keyFile, next)
  await clock.advance(1_000)
  t.equal(log.of('auth_file_read').length, 0, 'it may be being written')
  await clock.advance(1_000)
  t.equal(log.of('auth_file_read').length, 1)
  t.match(await verifier.verify(await sign({ key: Buffer.from(next) })), { name: 'alice' })
  await t.rejects(verifier.verify(await sign()), { code: 'UNAUTHORIZED' })
  writeFileSync(keyFile, 'short')
  await clock.advance(5_000)
  t.match(log.of('auth_file_failed'), [{ detail: /holds a secret of 5 bytes/ }], 'told once')
  rmSync(keyFile)
  await clock.advance(5_000)
  t.match(log.of('auth_file_failed')[1], { detail: /ENOENT/ })
  t.match(await verifier.verify(await sign({ key: Buffer.from(next) })), { name: 'alice' }, 'what was in it still holds')
  verifier.close()
  t.equal(clock.pendingTimers, 0)
})

t.test('keys of a URL: fetched once, again for one that is new, and told while they cannot be had', async (t) => {
  const first = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const asked: string[] = []
  let status = 503
  let keys = [await jwkOf(first, 'first')]
  const port = await answering(t, (request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }))
  })
  const clock = new FakeClock(Date.now())
  const { verifier, log } = open(t, { clock, jwksUrl: `http://127.0.0.1:${port}/keys` })
  const token = await sign({ alg: 'ES256', key: first.privateKey, kid: 'first' })

  for (let attempt = 0; attempt < 2; attempt++) await t.rejects(verifier.verify(token), { code: 'AUTH_UNAVAILABLE' })
  t.equal(log.lines.filter(({ event }) => event === 'auth_keys_failed').length, 1, 'told once')
  t.equal(asked.length, 1, 'not asked again at once')
  status = 200
  await clock.advance(1_000)
  t.match(await verifier.verify(token), { name: 'alice' })
  const before = asked.length
  t.match(await verifier.verify(token), { name: 'alice' })
  t.equal(asked.length, before, 'not asked again')
  keys = []
  const forged = await sign({ alg: 'ES256', key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, kid: 'unknown' })
  await t.rejects(verifier.verify(forged), { code: 'UNAUTHORIZED' })
  const symmetric = await sign({ kid: 'first' })
  await t.rejects(verifier.verify(symmetric), { code: 'UNAUTHORIZED' }, 'no secret is taken from a URL')
})

async function keysAt (t: Test, answer: () => { status: number, text: string }): Promise<string> {
  const port = await answering(t, (_request, response) => {
    const { status, text } = answer()
    response.writeHead(status, { 'content-type': 'application/json' }).end(text)
  })
  return `http://127.0.0.1:${port}/keys`
}

/** Without its exponent; another one beside it is as it should be. */
const BROKEN = { kty: 'RSA', kid: 'broken', n: 'AQ' }

t.test('a key that cannot be used is nobody\'s, and leaves those beside it', async (t) => {
  const set = JSON.stringify({ keys: [BROKEN, await jwkOf(pairs.ES256, 'ours')] })
  const keyFile = folderOf(t)('set.json', set)
  for (const options of [{ keyFile }, { jwksUrl: await keysAt(t, () => ({ status: 200, text: set })) }]) {
    const { verifier, log } = open(t, options)
    const forged = await sign({ alg: 'RS256', key: pairs.RS256.privateKey, kid: 'broken' })
    await t.rejects(verifier.verify(forged), { code: 'UNAUTHORIZED', message: /the key that the token names cannot be used/ })
    t.match(await verifier.verify(await sign({ alg: 'ES256', key: pairs.ES256.privateKey, kid: 'ours' })), { name: 'alice' })
    t.strictSame(log.lines, [], 'the keys can be had')
  }
})

t.test('while keys cannot be had again, a token of one that is not known may be good', async (t) => {
  let status = 200
  const clock = new FakeClock(Date.now())
  const text = JSON.stringify({ keys: [await jwkOf(pairs.ES256, 'ours')] })
  const { verifier, log } = open(t, { clock, jwksUrl: await keysAt(t, () => ({ status, text })) })
  const ours = await sign({ alg: 'ES256', key: pairs.ES256.privateKey, kid: 'ours' })
  const unknown = await sign({ alg: 'EdDSA', key: pairs.EdDSA.privateKey, kid: 'another' })
  await verifier.verify(ours)
  // jose looks at the clock of the machine.
  const now = Date.now()
  t.intercept(Date, 'now', { value: () => now + 6_000, configurable: true })
  status = 500
  for (let attempt = 0; attempt < 3; attempt++) {
    await t.rejects(verifier.verify(unknown), { code: 'AUTH_UNAVAILABLE' })
    await clock.advance(1_000)
  }
  t.match(await verifier.verify(ours), { name: 'alice' }, 'the last ones hold')
  status = 200
  await t.rejects(verifier.verify(unknown), { code: 'UNAUTHORIZED' })
  const told = log.lines.map(({ level, event }) => [level, event])
  t.strictSame(told, [
    ['error', 'auth_keys_failed'], ['debug', 'auth_keys_failed'], ['debug', 'auth_keys_failed'], ['info', 'auth_keys_recovered']
  ])
})

t.test('many tokens at once ask for the keys once', async (t) => {
  let asked = 0
  const text = JSON.stringify({ keys: [] })
  const jwksUrl = await keysAt(t, () => {
    asked++
    return { status: 503, text }
  })
  const { verifier, log } = open(t, { jwksUrl })
  const token = await sign({ alg: 'ES256', key: pairs.ES256.privateKey })
  await Promise.all(Array.from({ length: 20 }, () => t.rejects(verifier.verify(token), { code: 'AUTH_UNAVAILABLE' })))
  t.equal(asked, 1)
  t.equal(log.lines.length, 1)
})

t.test('keys of a URL that answers without end', async (t) => {
  const port = await answering(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const more = () => { while (!response.destroyed && response.write(' '.repeat(65_536))); }
    response.on('drain', more)
    more()
  })
  const { verifier, log } = open(t, { jwksUrl: `http://127.0.0.1:${port}/keys` })
  await t.rejects(verifier.verify(await sign({ alg: 'ES256', key: pairs.ES256.privateKey })), { code: 'AUTH_UNAVAILABLE' })
  t.match(log.lines, [{ event: 'auth_keys_failed', detail: /longer than 1048576 bytes/ }])
})

const badFiles: Array<{ name: string, text: () => string | Promise<string>, message: RegExp }> = [
  {
    name: 'a private key',
    text: () => pairs.RS256.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    message: /holds a private key/
  },
  {
    name: 'a private key as JSON',
    text: async () => JSON.stringify({ ...await jwkOf(pairs.EdDSA), d: 'x' }),
    message: /holds a private key/
  },
  {
    name: 'a PEM that is broken',
    text: () => '-----BEGIN PUBLIC KEY-----\nhunter2\n-----END PUBLIC KEY-----',
    message: /no public key and no certificate/
  },
  { name: 'JSON that is broken', text: () => '{"keys"', message: /begins as JSON, and is none/ },
  { name: 'an empty set', text: () => '{"keys":[]}', message: /no JSON Web Key/ },
  { name: 'a set that is none', text: () => '{"keys":[1]}', message: /no JSON Web Keys that can be read/ },
  { name: 'the public key in base64, without its frame', text: () => derOf(pairs.RS256).toString('base64'), message: /neither/ },
  { name: 'the public key as DER', text: () => derOf(pairs.RS256).toString('latin1'), message: /neither|bytes/ },
  { name: 'a list of keys', text: async () => JSON.stringify([await jwkOf(pairs.RS256)]), message: /neither/ },
  { name: 'a key of ssh', text: () => `ssh-rsa ${'A'.repeat(200)} somebody`, message: /neither/ },
  { name: 'an error page', text: () => '<html>not found</html>'.padEnd(60), message: /neither/ },
  { name: 'a short secret', text: () => 'hunter2', message: /7 bytes, at least 32/ }
]
for (const { name, text, message } of badFiles) {
  t.test(`a key file with ${name}`, async (t) => {
    const keyFile = folderOf(t)('key', await text())
    t.throws(() => open(t, { keyFile }), { message })
  })
}
