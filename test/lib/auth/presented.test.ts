import t from 'tap'
import { chooseSubprotocol, presentedToken } from '../../../lib/auth/presented.ts'

const cases = [
  { headers: {}, token: null },
  { headers: { authorization: 'Bearer abc' }, token: { token: 'abc', by: 'authorization' } },
  { headers: { authorization: 'bearer   a.b-c~+/= ' }, token: { token: 'a.b-c~+/=', by: 'authorization' } },
  { headers: { authorization: 'Basic abc' }, token: null },
  { headers: { authorization: 'Bearer' }, token: null },
  { headers: { authorization: 'Bearer a b' }, token: null },
  { headers: { 'sec-websocket-protocol': 'popcast, bearer.a%2Fb%3D' }, token: { token: 'a/b=', by: 'subprotocol' } },
  { headers: { 'sec-websocket-protocol': 'bearer.a.b.c,popcast' }, token: { token: 'a.b.c', by: 'subprotocol' } },
  { headers: { 'sec-websocket-protocol': 'bearer.100%' }, token: { token: '100%', by: 'subprotocol' } },
  { headers: { 'sec-websocket-protocol': 'popcast' }, token: null },
  {
    headers: { authorization: 'Bearer one', 'sec-websocket-protocol': 'bearer.two' }, token: { token: 'one', by: 'authorization' }
  }
]
for (const { headers, token } of cases) {
  t.test(JSON.stringify(headers), async (t) => t.strictSame(presentedToken(headers, true), token))
}

t.test('a subprotocol of what is no upgrade says nothing', async (t) => {
  t.equal(presentedToken({ 'sec-websocket-protocol': 'bearer.abc' }, false), null)
})

t.test('the server never agrees to the token', async (t) => {
  t.equal(chooseSubprotocol(new Set(['bearer.abc', 'popcast'])), 'popcast')
  t.equal(chooseSubprotocol(new Set(['bearer.abc'])), false)
  t.equal(chooseSubprotocol(new Set(['graphql-ws', 'other'])), 'graphql-ws')
})
