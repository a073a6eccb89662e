import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { TOKEN_VARIABLE, tokenOptions } from '../../watch/token.ts'
import { build } from '../support/app.ts'
import { startProgram } from '../support/service.ts'
import { AUDIENCE, named, SECRET, sign, unsigned } from '../support/tokens.ts'

t.test('where it comes from', async (t) => {
  const file = join(t.testdir({ token: ' one\n' }), 'token')
  t.equal(await tokenOptions(file, 'two').token?.(), 'one')
  const { token } = tokenOptions(file, undefined)
  writeFileSync(file, 'another\r\n')
  t.equal(await token?.(), 'another', 'as it is then')
  t.equal(await tokenOptions(undefined, ' two ').token?.(), 'two')
  t.strictSame([tokenOptions(undefined, undefined), tokenOptions(undefined, ' ')], [{}, {}])
})

for (const [name, text, message] of [
  ['empty', ' \n', /token-file: .* is empty/], ['two', 'one\ntwo', /token-file: .* holds more than one token/]
] as const) {
  t.test(`a file that makes no sense: ${name}`, async (t) => {
    const file = join(t.testdir({ token: text }), 'token')
    t.throws(() => tokenOptions(file, undefined), { message })
    t.throws(() => tokenOptions(`${file}-not`, undefined), { message: /^--token-file: ENOENT/ })
  })
}

t.test('watch is let in with the right one only', async (t) => {
  const { tokens, text } = named({ wall: '' })
  const folder = t.testdir({ tokens: text, right: `${tokens.wall}\n`, wrong: 'hunter2' })
  const { port } = await build(t, { AUTH: 'token', AUTH_TOKENS_FILE: join(folder, 'tokens') })
  const watch = async (args: string[], env: Record<string, string> = {}) => {
    const program = startProgram(t, 'popcast.js', ['watch', '--once', '--timeout', '60', ...args, `127.0.0.1:${port}`], env)
    const { code } = await program.exit
    return { code, said: program.stderr() }
  }
  t.match(await watch(['--token-file', join(folder, 'right')]), { code: 0 })
  t.match(await watch([], { [TOKEN_VARIABLE]: tokens.wall! }), { code: 0 })
  for (const refused of [await watch([]), await watch(['--token-file', join(folder, 'wrong')])]) {
    t.not(refused.code, 0)
    t.match(refused.said, /token missing or not valid/)
    t.notMatch(refused.said, 'hunter2')
  }
})

t.test('of JSON Web Tokens as well', async (t) => {
  const folder = t.testdir({ secret: SECRET })
  const { port } = await build(t, { AUTH: 'jwt', JWT_KEY_FILE: join(folder, 'secret'), JWT_AUDIENCE: AUDIENCE })
  const watch = async (token: string) => {
    const args = ['watch', '--once', '--timeout', '60', `127.0.0.1:${port}`]
    const program = startProgram(t, 'popcast.js', args, { [TOKEN_VARIABLE]: token })
    const { code } = await program.exit
    return { code, said: program.stderr() }
  }
  t.match(await watch(await sign()), { code: 0 })
  const refused = {
    expired: await sign({ claims: { exp: Math.floor(Date.now() / 1_000) - 1 } }),
    'of another key': await sign({ key: Buffer.alloc(32, 1) }),
    'for another audience': await sign({ claims: { aud: 'grafana' } }),
    'signed by nobody': unsigned()
  }
  for (const [name, token] of Object.entries(refused)) {
    const { code, said } = await watch(token)
    t.not(code, 0, name)
    t.match(said, /token missing or not valid/, name)
    t.notMatch(said, token, name)
  }
})
