import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { deflateRawSync } from 'node:zlib'
import { maskedFrame, rawHandshake } from '../../test/support/raw-client.ts'
import { HANDSHAKE } from '../../test/support/refused-upgrades.ts'
import type { Context } from '../context.ts'
import { MIB, signed, toMs, type Fault, type Finding } from '../fault.ts'
import type { Subject } from '../subject.ts'
import { expectSoon, firstOf, HANG_MS, many } from '../waiting.ts'

const HOST = '127.0.0.1'
const TEXT = 0x81
const CONTINUATION = 0x00
const UNFINISHED_TEXT = 0x01
const DEFLATED_TEXT = 0xc1
const AT_A_TIME = 50
/** What is not answered until then is not. */
const ANSWER_WITHIN_MS = 30

/** Messages that are nearly right; a byte of one is changed. */
const MESSAGES = [
  '{"type":"ping","id":"a"}',
  '{"type":"subscribe","topics":["metrics","alerts","pops"],"pops":{"country":["DE"]},"delta":true,"id":7}',
  '{"type":"subscribe","topics":["metrics"],"since":{"epoch":"x","seq":1},"history":60}',
  '{"type":"unsubscribe","topics":["pops"]}',
  '{"type":"auth","token":"x"}'
]

function mutated (context: Context, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  for (let times = 1 + context.draw(3); times > 0; times--) copy[context.draw(copy.length)] = context.draw(256)
  return copy
}

/** Bytes that are to be read as frames. */
function fuzzedFrame (context: Context): Buffer {
  const message = Buffer.from(MESSAGES[context.draw(MESSAGES.length)] ?? '')
  const kinds = [
    () => context.drawn(2 + context.draw(40)),
    () => maskedFrame(TEXT, mutated(context, message)),
    () => mutated(context, maskedFrame(TEXT, message)),
    // Any first byte: reserved bits, reserved opcodes, control frames that are too long.
    () => maskedFrame(context.draw(256), context.drawn(context.draw(200))),
    // A length that does not fit.
    () => Buffer.concat([Buffer.from([TEXT, 0xff]), context.drawn(12)]),
    () => Buffer.concat([maskedFrame(UNFINISHED_TEXT, message), maskedFrame(context.draw(2) * TEXT, message)]),
    () => maskedFrame(0x88, context.drawn(context.draw(8))),
    () => maskedFrame(DEFLATED_TEXT, context.drawn(context.draw(100)))
  ]
  return (kinds[context.draw(kinds.length)] as () => Buffer)()
}

function fuzzedHandshake (context: Context): Buffer {
  const lines = ['GET /ws HTTP/1.1', `Host: ${HOST}`, ...HANDSHAKE, 'Sec-WebSocket-Extensions: permessage-deflate']
  const whole = Buffer.from([...lines, '', ''].join('\r\n'))
  const kinds = [
    () => mutated(context, whole),
    () => whole.subarray(0, context.draw(whole.length)),
    () => Buffer.from([...lines.filter(() => context.draw(3) > 0), '', ''].join('\r\n')),
    () => Buffer.from([...lines, ...lines.slice(1), '', ''].join('\r\n')),
    () => latin1([`GET /ws?${context.drawn(30).toString('latin1')} HTTP/1.1`, ...lines.slice(1), '', '']),
    () => Buffer.from([...lines, `X: ${'a'.repeat(context.draw(40_000))}`, '', ''].join('\r\n')),
    () => Buffer.concat([whole, context.drawn(context.draw(300))])
  ]
  return (kinds[context.draw(kinds.length)] as () => Buffer)()
}

const latin1 = (lines: string[]) => Buffer.from(lines.join('\r\n'), 'latin1')

async function opened (port: number): Promise<Socket> {
  const socket = connect(port, HOST)
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket.resume()
}

const answered = (socket: Socket) => firstOf(socket, ['data', 'close'], ANSWER_WITHIN_MS)

async function fuzz (context: Context): Promise<Finding> {
  const count = context.isQuick ? 1_000 : 10_000
  const subject = await context.start()
  const plain = Buffer.from(['GET /ws HTTP/1.1', `Host: ${HOST}`, ...HANDSHAKE, '', ''].join('\r\n'))
  await many(count, AT_A_TIME, async (index) => {
    const socket = await opened(subject.port)
    if (index % 2 === 0) socket.write(fuzzedHandshake(context))
    else {
      socket.write(plain)
      await answered(socket)
      for (let frames = 1 + context.draw(3); frames > 0; frames--) socket.write(fuzzedFrame(context))
    }
    await answered(socket)
    socket.destroy()
  })
  const { series } = await subject.scrape()
  const codes = series
    .filter(({ name, value }) => name === 'popcast_connections_closed_total' && value > 0)
    .map(({ labels: { code = '' } }) => code)
  return {
    what: `closed with ${Array.from(new Set(codes)).sort().join(', ')}, or refused`,
    figure: `${count} frames and handshakes, seed ${context.options.seed}`,
    goal: 'it lives, nobody else disconnected',
    pass: codes.includes('1002')
  }
}

/** Memory that is kept of what is done, and the longest turn meanwhile. */
async function cost (subject: Subject, work: () => Promise<unknown>): Promise<{ grown: number, longestTurnMs: number }> {
  const before = await subject.held()
  await work()
  const after = await subject.held()
  return { grown: after.bytes - before.bytes, longestTurnMs: after.longestTurnMs }
}

const LARGE = 50 * MIB
const MOST_KEPT = 16 * MIB
/** Of a turn, ms. Who floods has a whole core of the machine. */
const LONGEST_MS = 250

const priced = ({ grown, longestTurnMs }: { grown: number, longestTurnMs: number }) => ({
  figure: `memory ${signed(grown)}, longest turn ${toMs(longestTurnMs)}`,
  goal: `< ${MOST_KEPT / MIB} MiB, < ${LONGEST_MS} ms`,
  isCheap: grown < MOST_KEPT,
  inTime: longestTurnMs < LONGEST_MS
})

async function largeMessage (context: Context): Promise<Finding> {
  const clients = 10
  const subject = await context.start()
  const codes: number[] = []
  const { isCheap, ...rest } = priced(await cost(subject, () => many(clients, clients, async () => {
    const client = await rawHandshake(subject.port)
    const header = Buffer.alloc(14)
    header[0] = TEXT
    header[1] = 0xff
    header.writeBigUInt64BE(BigInt(LARGE), 2)
    client.socket.write(header)
    const chunk = Buffer.alloc(MIB, 0x20)
    for (let sent = 0; sent < LARGE && !client.socket.destroyed && client.socket.writable; sent += chunk.length) {
      if (!client.socket.write(chunk)) await firstOf(client.socket, ['drain', 'close', 'data'], 100)
      if (client.opcodes().includes(0x8)) break
    }
    codes.push(await client.closeCode())
    client.socket.destroy()
  })))
  return {
    what: `${clients} clients each send one of 50 MB: closed with ${Array.from(new Set(codes)).join(', ')} at its header`,
    ...rest,
    pass: isCheap && codes.length === clients && codes.every((code) => code === 1009)
  }
}

async function fragments (context: Context): Promise<Finding> {
  const clients = 200
  const subject = await context.start({ env: { PING_INTERVAL_MS: '2000', STALE_AFTER_MS: '8000' } })
  const piece = Buffer.alloc(250, 0x61)
  const { isCheap, ...rest } = priced(await cost(subject, async () => {
    await many(clients, AT_A_TIME, async (index) => {
      const { socket } = await rawHandshake(subject.port)
      context.teardown(() => socket.destroy())
      const frames = [maskedFrame(UNFINISHED_TEXT, piece), ...Array.from({ length: 62 }, () => maskedFrame(CONTINUATION, piece))]
      // Every other one sends a fragment too many.
      socket.write(Buffer.concat(index % 2 === 0 ? frames : [...frames, ...frames.slice(1, 4)]))
    })
    await subject.updates(1)
  }))
  const count = (code: string) => subject.counted('popcast_connections_closed_total', { code })
  await expectSoon(HANG_MS, 'all are closed', async () => await count('1008') + await count('4012') >= clients)
  const [tooMany, silent] = [await count('1008'), await count('4012')]
  return {
    what: `${clients} messages that never end: ${tooMany} closed with 1008 (too many fragments), ${silent} with 4012 (no pong)`,
    ...rest,
    pass: isCheap && tooMany === clients / 2 && silent === clients / 2
  }
}

async function bomb (context: Context): Promise<Finding> {
  const clients = 20
  const subject = await context.start()
  const payload = deflateRawSync(Buffer.alloc(12 * MIB), { level: 9 })
  const codes: number[] = []
  const { isCheap, ...rest } = priced(await cost(subject, () => many(clients, clients, async () => {
    const client = await rawHandshake(subject.port, '/ws', { 'Sec-WebSocket-Extensions': 'permessage-deflate' })
    client.socket.write(maskedFrame(DEFLATED_TEXT, payload))
    codes.push(await client.closeCode())
    client.socket.destroy()
  })))
  return {
    what: `${payload.length} bytes that inflate to 12 MiB, of ${clients}: closed with ${Array.from(new Set(codes)).join(', ')}`,
    ...rest,
    pass: isCheap && codes.length === clients && codes.every((code) => code === 1009)
  }
}

interface Flood {
  name: string
  isQuick: boolean
  message: string
  /** As the metrics call what came. */
  type: string
}

const subscribe = (wishes: object) => JSON.stringify({ type: 'subscribe', ...wishes })

const floods: Flood[] = [
  { name: 'a flood of pings', isQuick: false, message: '', type: 'frame_ping' },
  { name: 'a flood of subscribes', isQuick: true, message: subscribe({ topics: ['alerts', 'pops'] }), type: 'subscribe' },
  { name: 'a flood of history', isQuick: false, message: subscribe({ topics: ['metrics'], history: 360 }), type: 'subscribe' }
]

async function flooded (context: Context, { message, type }: Flood): Promise<Finding> {
  const clients = 20
  const seconds = context.isQuick ? 3 : 6
  const subject = await context.start()
  await subject.updates(2)
  let sent = 0
  const startedAt = performance.now()
  const { isCheap, ...rest } = priced(await cost(subject, async () => {
    const crowd = await context.crowd({ host: HOST, port: subject.port, path: '/ws', clients, does: 'flood', message, seconds })
    ;({ sent = 0 } = await crowd.report('done'))
    await crowd.end()
  }))
  const read = await subject.counted('popcast_messages_received_total', { type })
  const tookS = (performance.now() - startedAt) / 1_000
  return {
    what: `${clients} clients for ${seconds} s, ${sent} sent, ${read} read: the others of them wait`,
    ...rest,
    // Some 400 at once, and 50 per second.
    pass: isCheap && read > 0 && read <= clients * (450 + 60 * (tookS + 3))
  }
}

export const messages: Fault[] = [
  { name: '10,000 fuzzed frames and handshakes', isQuick: true, run: fuzz },
  { name: 'a message of 50 MB', isQuick: true, run: largeMessage },
  { name: 'unfinished fragments', isQuick: true, run: fragments },
  { name: 'deflate bomb', isQuick: true, run: bomb },
  ...floods.map((flood): Fault => ({
    name: flood.name, isQuick: flood.isQuick, isHeavy: true, run: (context) => flooded(context, flood)
  }))
]
