import { WebSocket } from 'ws'
import { once } from 'node:events'
import { AUDIENCE, folderOf, ISSUER, SECRET, sign, unsigned } from '../../test/support/tokens.ts'
import type { Context } from '../context.ts'
import type { Fault, Finding } from '../fault.ts'
import { get } from '../http.ts'
import type { Subject } from '../subject.ts'
import { many } from '../waiting.ts'

const TIMES = 20

/** How an upgrade ended: the status that refused it, or the close code; 101: it was let in and told something. */
async function outcome ({ port }: Subject, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers })
  socket.on('error', () => {})
  try {
    return await Promise.race([
      once(socket, 'unexpected-response').then(([, { statusCode }]) => statusCode as number),
      once(socket, 'close').then(([code]) => code as number),
      once(socket, 'message').then(([data]) => {
        const { type } = JSON.parse(String(data)) as { type: string }
        return type === 'welcome' ? 101 : once(socket, 'close').then(([code]) => code as number)
      })
    ])
  } finally {
    socket.terminate()
  }
}

async function foreignOrigins (context: Context): Promise<Finding> {
  const subject = await context.start({ env: { ALLOWED_ORIGINS: 'https://board.example' } })
  const own = `http://127.0.0.1:${subject.port}`
  const deceptive = ['https://board.example.evil.example', 'http://board.example', 'null', `${own}.evil.example`]
  const refused = ['https://evil.example', ...deceptive]
  const wrong: string[] = []
  const look = async (origin: string, wanted: number) => {
    const answer = await outcome(subject, { origin })
    if (answer !== wanted) wrong.push(`${origin}: ${answer}`)
    if (wanted === 403 && await subject.status('/api/stream', { origin }) !== 403) wrong.push(`${origin}: the stream`)
  }
  await many(refused.length * TIMES, 10, (index) => look(refused[index % refused.length] as string, 403))
  for (const origin of ['https://board.example', own]) {
    const answer = await outcome(subject, { origin })
    if (answer !== 101) wrong.push(`${origin}: ${answer}`)
  }
  const counted = await subject.counted('popcast_connections_refused_total', { reason: 'forbidden' })
  return {
    what: wrong[0] ?? `${refused.length} foreign origins refused with 403, WebSockets and streams; its own and the allowed not`,
    figure: `${counted} refused, ${wrong.length} answered otherwise`,
    goal: '0',
    pass: wrong.length === 0 && counted > 0
  }
}

async function spoofedAddresses (context: Context): Promise<Finding> {
  const limit = 10
  // The observers are of the same address.
  const subject = await context.start({ observers: 4, env: { MAX_CONNECTIONS_PER_ADDRESS: String(limit) } })
  const sockets: WebSocket[] = []
  const answers: number[] = []
  for (let index = 0; index < 3 * limit; index++) {
    const headers = { 'x-forwarded-for': `203.0.113.${index}`, forwarded: `for=203.0.113.${index}` }
    const socket = new WebSocket(`ws://127.0.0.1:${subject.port}/ws`, { headers })
    socket.on('error', () => {})
    sockets.push(socket)
    answers.push(await Promise.race([
      once(socket, 'open').then(() => 101),
      once(socket, 'unexpected-response').then(([, { statusCode }]) => statusCode as number)
    ]))
  }
  const status = JSON.parse((await get(`${subject.url}/api/websocket/status`)).body)
  const addresses = new Set(status.connections.map(({ clientInfo }: { clientInfo: { ip: string } }) => clientInfo.ip))
  for (const socket of sockets) socket.terminate()
  const [open, refused] = [101, 429].map((wanted) => answers.filter((answer) => answer === wanted).length)
  return {
    what: `${3 * limit} from one address that claim to be others: ${open} let in beside 4, ${refused} refused with 429`,
    figure: `${addresses.size} address seen`,
    goal: `1, ${limit} connections at most`,
    pass: addresses.size === 1 && open === limit - 4 && refused === 3 * limit - (limit - 4)
  }
}

async function badTokens (context: Context): Promise<Finding> {
  const env = { AUTH: 'jwt', JWT_KEY_FILE: folderOf(context)('secret', SECRET), JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE }
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  const good = bearer(await sign())
  const subject = await context.start({ env, headers: good })
  const [head = '', claims = '', signature = ''] = (await sign()).split('.')
  const now = Math.floor(Date.now() / 1_000)
  const tokens: Record<string, string> = {
    expired: await sign({ claims: { exp: now - 60 } }),
    forged: await sign({ key: Buffer.from('another secret, which is as long as it must be') }),
    'alg: none': unsigned(),
    'alg: None': `${Buffer.from('{"alg":"None"}').toString('base64url')}.${claims}.`,
    'without its signature': `${head}.${claims}.`,
    'with other claims': `${head}.${Buffer.from('{"sub":"root","exp":9999999999}').toString('base64url')}.${signature}`,
    'of another issuer': await sign({ claims: { iss: 'https://evil.example' } }),
    'for somebody else': await sign({ claims: { aud: 'another' } }),
    'not valid yet': await sign({ claims: { nbf: now + 3_600 } }),
    garbage: context.drawn(60).toString('base64url')
  }
  const names = Object.keys(tokens)
  const wrong: string[] = []
  await many(names.length * TIMES, 10, async (index) => {
    const name = names[index % names.length] as string
    const headers = bearer(tokens[name] as string)
    const [upgrade, page] = [await outcome(subject, headers), await subject.status('/api/metrics/latest', headers)]
    if (![401, 4500].includes(upgrade) || page !== 401) wrong.push(`${name}: ${upgrade}, ${page}`)
  })
  if (await outcome(subject, good) !== 101) wrong.push('a good token is refused')
  const refused = await subject.counted('popcast_connections_refused_total', { reason: 'unauthorized' })
  const logged = subject.lines('auth_refused').length
  const leaked = JSON.stringify(subject.service.lines).includes(signature)
  return {
    what: wrong[0] ?? `${names.join(', ')}: none let in; in metrics and log, without a token in it`,
    figure: `${refused} refused, ${wrong.length} let in or answered otherwise`,
    goal: '0',
    pass: wrong.length === 0 && refused > 0 && logged > 0 && !leaked
  }
}

async function expiring (context: Context): Promise<Finding> {
  const env = { AUTH: 'jwt', JWT_KEY_FILE: folderOf(context)('secret', SECRET), JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE }
  const good = { authorization: `Bearer ${await sign()}` }
  const subject = await context.start({ env, headers: good })
  const clients = 50
  const exp = Math.floor(Date.now() / 1_000) + 4
  const authorization = `Bearer ${await sign({ claims: { exp } })}`
  const codes: number[] = []
  let latest = 0
  await many(clients, clients, async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${subject.port}/ws`, { headers: { authorization } })
    const [code] = await once(socket, 'close')
    codes.push(code)
    latest = Math.max(latest, Date.now() - exp * 1_000)
  })
  return {
    what: `${clients} whose token expires while they are connected: closed with ${Array.from(new Set(codes)).join(', ')}`,
    figure: `at most ${latest} ms later`,
    goal: '< 2000 ms',
    pass: codes.length === clients && codes.every((code) => code === 4500),
    inTime: latest < 2_000
  }
}

export const access: Fault[] = [
  { name: 'foreign origins', isQuick: true, run: foreignOrigins },
  { name: 'spoofed X-Forwarded-For', isQuick: true, run: spoofedAddresses },
  { name: 'expired, forged, alg: none', isQuick: true, run: badTokens },
  { name: 'tokens that expire', isQuick: false, run: expiring }
]
