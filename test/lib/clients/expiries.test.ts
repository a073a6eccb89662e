import t from 'tap'
import { EVERYTHING, type Grant } from '../../../lib/auth/grant.ts'
import { trackClients } from '../../support/clients.ts'

function service (expiresInMs: number | null) {
  const { clock, connections, connect } = trackClients()
  const { connection, socket } = connect()
  const grant = (inMs: number | null): Grant => ({ ...EVERYTHING, expiresAt: inMs === null ? null : clock.now() + inMs })
  connections.renew(connection, grant(expiresInMs))
  return { clock, connections, connection, socket, grant }
}

t.test('a connection ends when its token does, not before', async (t) => {
  const { clock, connection } = service(150_000)
  await clock.advance(149_999)
  t.ok(connection.isOpen)
  await clock.advance(1)
  t.match(connection.closedBy, { code: 4500 })
})

t.test('another token in time keeps it', async (t) => {
  const { clock, connections, connection, grant } = service(1_000)
  await clock.advance(999)
  connections.renew(connection, grant(null))
  await clock.advance(100_000)
  t.ok(connection.isOpen)
})

t.test('one that has expired already ends it as well', async (t) => {
  const { clock, connection } = service(-1)
  await clock.advance(0)
  t.match(connection.closedBy, { code: 4500 })
})

t.test('the wall clock counts, also when it is set', async (t) => {
  const { clock, connection } = service(3_600_000)
  clock.setWall(clock.now() + 3_600_000)
  await clock.advance(60_000)
  t.match(connection.closedBy, { code: 4500 }, 'within a minute of its being set forward')
  const back = service(60_000)
  back.clock.setWall(back.clock.now() - 3_600_000)
  await back.clock.advance(60_000)
  t.ok(back.connection.isOpen, 'set back')
})

t.test('of one that has gone nothing is left', async (t) => {
  const { clock, connections, connection } = service(1_000)
  connections.remove(connection, 1000, '')
  await clock.advance(1_000)
  t.equal(connection.closedBy, null)
})

t.test('tokens that are withdrawn, changed and left', async (t) => {
  const { connections, connect } = trackClients()
  const named = (name: string): Grant => ({ ...EVERYTHING, name })
  const clients = ['gone', 'limited', 'renewed', 'same'].map((name) => {
    const { connection } = connect()
    connections.renew(connection, named(name))
    return connection
  })
  const now: Record<string, (grant: Grant) => Grant | null> = {
    gone: () => null,
    limited: (grant) => ({ ...grant, topics: new Set(['metrics']) }),
    renewed: (grant) => ({ ...grant, expiresAt: 1e15 })
  }
  connections.reviewGrants((grant) => (now[grant.name ?? ''] ?? ((same) => same))(grant))
  t.strictSame(clients.map(({ closedBy }) => closedBy?.code ?? null), [4500, 4014, null, null])
  t.equal(clients[2]?.grant.expiresAt, 1e15)
})
