import t from 'tap'
import { expiryOf, findEntry, newToken, parseTokens, TokenFileError } from '../../../lib/auth/tokens.ts'

const { token, hash } = newToken()
const other = newToken()

t.test('a file of tokens', async (t) => {
  const entries = parseTokens([
    '# whose they are', '', `  wall ${hash}  # in the hall`,
    `partner ${other.hash.toUpperCase().replace('SHA256', 'sha256')} expires=2027-01-01 topics=metrics,alerts pops=fra1,ams1\r`
  ].join('\n'))
  t.match(entries, [
    { name: 'wall', grant: { name: 'wall', topics: null, pops: null, expiresAt: null } },
    {
      name: 'partner',
      grant: {
        topics: new Set(['metrics', 'alerts']), pops: { codes: new Set(['ams1', 'fra1']) }, expiresAt: Date.UTC(2027, 0, 1)
      }
    }
  ])
  t.equal(findEntry(entries, token)?.name, 'wall')
  t.equal(findEntry(entries, other.token)?.name, 'partner')
  t.equal(findEntry(entries, hash), null, 'a hash is no token')
  t.equal(findEntry(entries, `${token} `), null)
})

const wrong: Array<[string, string]> = [
  [`wall ${hash} expires=tomorrow`, 'line 1: expires: "tomorrow" is not a time of ISO 8601'],
  [`wall ${hash} expires=2027-13-01`, 'line 1: expires: "2027-13-01" is not a time of ISO 8601'],
  [`wall ${hash} topics=metrics,weather`, 'line 1: topics: "weather" is not of metrics, alerts, pops'],
  [`wall ${hash} topics=`, 'line 1: topics names nothing'],
  [`wall ${hash} pops`, 'line 1: pops names nothing'],
  [`wall ${hash} role=admin`, 'line 1: "role=admin" is none of expires=, topics=, pops='],
  [`wall ${hash} topics=metrics topics=alerts`, 'line 1: topics= is there twice'],
  [`wall ${token}`, 'line 1: after the name sha256: and 64 hexadecimal digits are wanted'],
  ['wall', 'line 1: after the name sha256: and 64 hexadecimal digits are wanted'],
  [`wall ${hash}\n\nwall ${other.hash}`, 'line 3: the name "wall" is there twice'],
  [`wall ${hash}\nhall ${hash}`, 'line 2: the token of another line']
]
for (const [text, message] of wrong) {
  t.test(message, async (t) => {
    t.throws(() => parseTokens(text), new TokenFileError(message))
    t.notMatch(message, token)
  })
}

t.test('times', async (t) => {
  t.equal(expiryOf('2027-01-01'), Date.UTC(2027, 0, 1))
  t.equal(expiryOf('2027-01-01T12:00'), Date.UTC(2027, 0, 1, 12), 'without a zone UTC, whatever the zone of the machine')
  t.equal(expiryOf('2027-01-01T12:00:00.5+02:00'), Date.UTC(2027, 0, 1, 10, 0, 0, 500))
})

t.test('no two tokens are the same, and each fits into a header and a subprotocol', async (t) => {
  t.not(token, other.token)
  t.match(token, /^[\w-]{43}$/)
})
