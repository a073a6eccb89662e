import { deflateRawSync } from 'node:zlib'
import t from 'tap'
import { closeCodes } from '../../lib/protocol/close-codes.ts'
import { build, type TestApp } from '../support/app.ts'
import { readExposition } from '../support/exposition.ts'
import { closeFrame, maskedFrame, rawHandshake, type RawClient } from '../support/raw-client.ts'

/** As popcast counted it when one more connection had ended. */
async function counted (service: TestApp, end: () => Promise<unknown>): Promise<string[]> {
  const closed = async () => new Map(readExposition((await service.app.inject('/metrics')).body).series
    .filter(({ name, labels }) => name === 'popcast_connections_closed_total' && labels.transport === 'websocket')
    .map(({ labels, value }) => [labels.code!, value]))
  const before = await closed()
  const total = service.app.connections.totals.closed
  await end()
  await service.logged('disconnect', () => service.app.connections.totals.closed === total + 1)
  return [...await closed()].filter(([code, value]) => value > before.get(code)!).map(([code]) => code)
}

/** What the client does when it was told that it is over. */
const answers: Record<string, (client: RawClient, code: number) => void> = {
  'cuts the connection': ({ socket }) => socket.destroy(),
  'ends it without a word': ({ socket }) => socket.end(),
  'repeats the code': ({ socket }, code) => socket.end(closeFrame(code)),
  'says another one': ({ socket }) => socket.end(closeFrame(4000))
}

const forbidden = [
  { name: 'above MAX_MESSAGE_BYTES', bytes: maskedFrame(0x81, Buffer.alloc(1_025, 0x20)), code: 1009 },
  { name: 'above it when inflated', bytes: maskedFrame(0xc1, deflateRawSync(Buffer.alloc(100_000))), code: 1009 },
  { name: 'longer than any number says', bytes: Buffer.from('81ffffffffffffffffff00000000', 'hex'), code: 1009 },
  { name: 'text that is no UTF-8', bytes: maskedFrame(0x81, Buffer.from([0xff, 0xfe])), code: 1007 },
  { name: 'a goodbye that is no UTF-8', bytes: maskedFrame(0x88, Buffer.from([0x03, 0xe8, 0xff])), code: 1007 },
  { name: 'not to be inflated', bytes: maskedFrame(0xc1, Buffer.from([0xff, 0xff, 0xff])), code: 1007 },
  { name: 'not masked', bytes: Buffer.from([0x81, 0x01, 0x41]), code: 1002 },
  { name: 'an opcode that nobody has defined', bytes: maskedFrame(0x83, Buffer.from('a')), code: 1002 },
  { name: 'a code that is none', bytes: closeFrame(999), code: 1002 },
  {
    name: 'too many fragments',
    bytes: Buffer.concat([0x01, ...Array<number>(80).fill(0x00)].map((first) => maskedFrame(first, Buffer.from('a')))),
    code: 1008
  }
]

t.test('a client that breaks the protocol is counted by the code it is given', async (t) => {
  const service = await build(t, { MAX_MESSAGE_BYTES: '1024' })
  for (const { name, bytes, code } of forbidden) {
    for (const [what, answer] of Object.entries(answers)) {
      const codes = await counted(service, async () => {
        const client = await rawHandshake(service.port, '/ws', { 'Sec-WebSocket-Extensions': 'permessage-deflate' })
        client.socket.write(bytes)
        t.equal(await client.closeCode(), code, name)
        answer(client, code)
      })
      t.strictSame(codes, [String(code)], `${name}, ${what}`)
      t.match(service.lines.findLast(({ event }) => event === 'disconnect'), { closedBy: { code } })
    }
  }
})

t.test('so is one that popcast closes for whatever reason', async (t) => {
  const service = await build(t)
  for (const closeCode of Object.values(closeCodes)) {
    for (const [what, answer] of Object.entries(answers)) {
      const codes = await counted(service, async () => {
        const client = await rawHandshake(service.port)
        const [connection] = service.app.connections
        connection!.close(closeCode)
        t.equal(await client.closeCode(), closeCode.code)
        answer(client, closeCode.code)
      })
      t.strictSame(codes, [String(closeCode.code)], what)
    }
  }
})

t.test('one that the client ends is counted by its code, if that is a standard one', async (t) => {
  const service = await build(t)
  const own = Object.values(closeCodes).filter(({ code }) => code >= 4_000)
  const ends: Array<[bytes: Buffer, code: string]> = [
    [closeFrame(1000), '1000'],
    [closeFrame(1001), '1001'],
    [closeFrame(1013), '1013'],
    [maskedFrame(0x88, Buffer.alloc(0)), '1005'],
    [Buffer.alloc(0), '1006'],
    [closeFrame(3456), 'other'],
    ...own.map(({ code }): [Buffer, string] => [closeFrame(code), 'other'])
  ]
  for (const [bytes, code] of ends) {
    const codes = await counted(service, async () => (await rawHandshake(service.port)).socket.end(bytes))
    t.strictSame(codes, [code])
  }
})
