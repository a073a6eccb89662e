import t from 'tap'
import { closeCodes } from '../../../lib/protocol/close-codes.ts'
import { trackClients } from '../../support/clients.ts'

const cases: Array<{ name: string, code: number, closedBy?: keyof typeof closeCodes, counted: number | 'other' }> = [
  { name: 'a goodbye', code: 1000, counted: 1000 },
  { name: 'cut off', code: 1006, counted: 1006 },
  { name: 'a code of ours', code: 4008, closedBy: 'slowConsumer', counted: 4008 },
  { name: 'why we closed it, not that no answer came', code: 1006, closedBy: 'stale', counted: 4012 },
  { name: 'a code that nobody has defined', code: 1004, counted: 'other' },
  { name: 'a code that the client has made up', code: 3456, counted: 'other' },
  { name: 'a code of ours that the client has chosen', code: 4008, counted: 'other' }
]

for (const { name, code, closedBy, counted } of cases) {
  t.test(`closed: ${name}`, async (t) => {
    const { connections, connect } = trackClients()
    const { socket, connection } = connect()
    connect()
    if (closedBy !== undefined) connection.closedBy = closeCodes[closedBy]
    socket.finish(code)
    const { counts } = connections
    t.strictSame(Array.from(counts.closed.websocket).filter(([, count]) => count > 0), [[counted, 1]])
    t.strictSame([counts.open('websocket'), counts.open('sse')], [1, 0])
  })
}
