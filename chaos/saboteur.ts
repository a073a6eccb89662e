/**
 * Loaded before the service (`--import`): what its listeners call throws, once for each client whose user agent is
 * `sabotage NAME`. Inside of the listeners rather than around them: what is tried is that nothing gets out.
 */
import { ConnectionTotals } from '../lib/clients/connection-totals.ts'
import { ConnectionTracker } from '../lib/clients/connection-tracker.ts'
import { Connection } from '../lib/clients/connection.ts'
import { Outbox } from '../lib/clients/outbox.ts'
import type { Transport } from '../lib/clients/transport.ts'

const done = new WeakSet<Connection>()

function throwOnce (connection: Connection | undefined, ...names: string[]): void {
  if (connection === undefined || done.has(connection)) return
  if (!names.some((name) => connection.clientInfo.userAgent === `sabotage ${name}`)) return
  done.add(connection)
  throw new Error('sabotage')
}

const owners = new WeakMap<object, Connection>()
/** Those for whom an update waits until they have read. */
const held = new WeakSet<Connection>()

const { touch, inOnePiece, sendUpdate } = Connection.prototype
Connection.prototype.touch = function (now) {
  throwOnce(this, 'message', 'ping', 'pong')
  touch.call(this, now)
}
Connection.prototype.inOnePiece = function <T> (write: () => T): T {
  throwOnce(this, 'greeting')
  return inOnePiece.call(this, write) as T
}
Connection.prototype.sendUpdate = function (message) {
  if (held.has(this)) throwOnce(this, 'drain')
  return sendUpdate.call(this, message)
}

const { add, recordError, streamFailed } = ConnectionTracker.prototype
ConnectionTracker.prototype.add = function (transport, info, grant) {
  const connection = add.call(this, transport, info, grant)
  owners.set(connection.outbox, connection)
  if (info.userAgent === 'sabotage send') failNextUpdate(transport)
  return connection
}
ConnectionTracker.prototype.recordError = function (connection, error) {
  throwOnce(connection, 'error')
  recordError.call(this, connection, error)
}
ConnectionTracker.prototype.streamFailed = function (connection, error) {
  throwOnce(connection, 'stream error')
  streamFailed.call(this, connection, error)
}

const { countClosed } = ConnectionTotals.prototype
ConnectionTotals.prototype.countClosed = function (connection, code) {
  throwOnce(connection, 'close')
  countClosed.call(this, connection, code)
}

const { offer } = Outbox.prototype
Outbox.prototype.offer = function (tick) {
  const connection = owners.get(this)
  throwOnce(connection, 'delivery')
  const delivery = offer.call(this, tick)
  if (connection !== undefined && (delivery === 'held' || delivery === 'skipped')) held.add(connection)
  return delivery
}

/** Of what comes after the greeting. */
function failNextUpdate (transport: Transport): void {
  setTimeout(() => {
    const { write } = transport
    transport.write = () => {
      transport.write = write
      throw new Error('sabotage of a write')
    }
  }, 500)
}
