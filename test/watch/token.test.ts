import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { TOKEN_VARIABLE, tokenOptions } from '../../watch/token.ts'
import { build } from '../support/app.ts'
import { startProgram } from '../support/service.ts'
import { named } from '../support/tokens.ts'

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
