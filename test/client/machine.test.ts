import t from 'tap'
import { rowOf, stateOf, type EventName, type StateName } from '../../client/machine.ts'
import { PopcastError } from '../../client/errors.ts'

const NEVER = 'cannot happen'
const events: EventName[] = ['connect', 'refused', 'welcome', 'synced', 'shutdown', 'renew', 'lost', 'fatal', 'close']
const expected: Record<StateName, Record<EventName, string>> = {
  idle: {
    connect: 'connecting drop open',
    refused: NEVER,
    welcome: NEVER,
    synced: NEVER,
    shutdown: NEVER,
    renew: NEVER,
    lost: NEVER,
    fatal: 'failed drop rest',
    close: 'idle drop rest'
  },
  connecting: {
    connect: 'connecting',
    refused: 'connecting drop openNext',
    welcome: 'syncing sendBarrier',
    synced: NEVER,
    shutdown: 'draining backOff',
    renew: 'connecting drop open',
    lost: 'waiting drop backOff',
    fatal: 'failed drop rest',
    close: 'idle drop rest'
  },
  syncing: {
    connect: 'syncing',
    refused: NEVER,
    welcome: NEVER,
    synced: 'live awaitUpdates',
    shutdown: 'draining backOff',
    renew: 'connecting drop open',
    lost: 'waiting drop backOff',
    fatal: 'failed drop rest',
    close: 'idle drop rest'
  },
  live: {
    connect: 'live check',
    refused: NEVER,
    welcome: NEVER,
    synced: NEVER,
    shutdown: 'draining backOff',
    renew: 'connecting drop open',
    lost: 'waiting drop backOff',
    fatal: 'failed drop rest',
    close: 'idle drop rest'
  },
  draining: {
    connect: 'connecting drop open',
    refused: NEVER,
    welcome: NEVER,
    synced: NEVER,
    shutdown: 'draining backOff',
    renew: 'draining',
    lost: 'waiting drop backOff',
    fatal: 'failed drop rest',
    close: 'idle drop rest'
  },
  waiting: {
    connect: 'connecting drop open',
    refused: NEVER,
    welcome: NEVER,
    synced: NEVER,
    shutdown: NEVER,
    renew: 'waiting',
    lost: 'waiting',
    fatal: 'failed drop rest',
    close: 'idle drop rest'
  },
  failed: {
    connect: 'connecting drop open',
    refused: NEVER,
    welcome: NEVER,
    synced: NEVER,
    shutdown: NEVER,
    renew: NEVER,
    lost: NEVER,
    fatal: 'failed drop rest',
    close: 'idle drop rest'
  }
}

for (const [state, rows] of Object.entries(expected) as Array<[StateName, Record<EventName, string>]>) {
  t.test(`what happens in ${state}`, async (t) => {
    for (const event of events) {
      if (rows[event] === NEVER) t.throws(() => rowOf(state, event), { message: `${event} in ${state}` })
      else t.equal(rowOf(state, event).join(' '), rows[event], event)
    }
  })
}

t.test('a state says what is known of it, and no more', async (t) => {
  const cause = new PopcastError('CLOSED')
  const facts = { attempt: 2, transport: 'sse', retryAt: 5, cause }
  t.strictSame(stateOf('live', facts), { name: 'live', transport: 'sse' })
  t.strictSame(stateOf('waiting', facts), { name: 'waiting', attempt: 2, retryAt: 5, cause })
  t.strictSame(stateOf('idle', facts), { name: 'idle' })
})
