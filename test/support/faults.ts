import { LEASE_MS } from '../../lib/cluster/candidacy.ts'
import { RedisConnection } from '../../lib/cluster/redis/connection.ts'
import { systemClock, wait } from '../../lib/clock.ts'
import { Fleet, INTERVAL_MS, type FleetInstance, type Listener } from './fleet.ts'
import type { Teardown } from './service.ts'

export { LEASE_MS }

/** A fault, and what it may do at most. */
export interface FaultRow {
  name: string
  /** Whether the engine keeps what it has acknowledged. */
  persists: boolean
  clients?: number
  /** Another one has to lead: how soon it does is looked at. */
  leaderFails?: true
  /** Resolves when it is healed. */
  inject: (fleet: Fleet) => Promise<void>
  expect: {
    /** That everybody is told: one is the same throughout. */
    epochs: 1 | 2
    /** Clients may be told that what they missed cannot be recovered. */
    unrecovered?: boolean
    /** Polls may lie closer than 0.9 intervals: the engine has forgotten when the last one was. */
    closerPolls?: boolean
    /** Two updates lie apart by no more than this, ms. */
    longestGapMs: number
    /** Somebody is told that nothing new can be told. */
    isTold?: boolean
  }
}

/** What was seen while it lasted. */
export interface FaultResult {
  name: string
  duplicates: string[]
  gaps: string[]
  conflicts: string[]
  alerts: string[]
  unrecovered: number
  epochs: number
  /** Between two polls, ms. */
  closestPollsMs: number
  longestGapMs: number
  /** From the fault to a new leader, ms; null: there was none. */
  leaderMs: number | null
  isTold: boolean
  /** Regressions that are open in the end, and of those that were before. */
  open: string[]
  openBefore: string[]
}

const stop = (instance: FleetInstance) => instance.service.child.kill('SIGSTOP')
const goOn = (instance: FleetInstance) => instance.service.child.kill('SIGCONT')
const pause = (ms: number) => wait(systemClock, ms)

async function silence (instance: FleetInstance, state: 'silent' | 'reset' | 'answers lost', ms: number): Promise<void> {
  instance.way.set(state)
  await pause(ms)
  instance.way.set('open')
}

const takeover = LEASE_MS + INTERVAL_MS

export const faults: FaultRow[] = [
  {
    name: 'leader SIGKILL',
    persists: true,
    leaderFails: true,
    inject: async (fleet) => {
      const { leader } = fleet
      await leader.end('SIGKILL')
      await fleet.updates(2)
      await leader.again()
    },
    expect: { epochs: 1, longestGapMs: takeover + 2 * INTERVAL_MS }
  },
  {
    name: 'leader SIGSTOP for 3 leases',
    persists: true,
    leaderFails: true,
    inject: async ({ leader }) => {
      stop(leader)
      await pause(3 * LEASE_MS)
      goOn(leader)
    },
    // Of its own clients.
    expect: { epochs: 1, longestGapMs: 3 * LEASE_MS + 2 * INTERVAL_MS }
  },
  {
    name: 'leader SIGSTOP during its query',
    persists: true,
    leaderFails: true,
    inject: async ({ leader, database }) => {
      let release = () => {}
      const held = new Promise<void>((resolve) => { release = resolve })
      await new Promise<void>((resolve) => {
        database.onTick = async () => {
          database.onTick = async () => {}
          stop(leader)
          resolve()
          await held
        }
      })
      await pause(LEASE_MS + 3 * INTERVAL_MS)
      release()
      goOn(leader)
    },
    expect: { epochs: 1, longestGapMs: takeover + 2 * INTERVAL_MS }
  },
  {
    name: 'rolling restart',
    persists: true,
    clients: 300,
    inject: async ({ instances }) => {
      for (const instance of instances) {
        await instance.end('SIGTERM')
        await instance.again()
      }
    },
    expect: { epochs: 1, longestGapMs: 6 * INTERVAL_MS }
  },
  {
    name: 'engine SIGKILL, kept',
    persists: true,
    inject: async ({ redis }) => {
      await redis.kill()
      await pause(2_000)
      await redis.start()
    },
    expect: { epochs: 1, longestGapMs: 2_000 + 4 * INTERVAL_MS, isTold: true }
  },
  {
    name: 'engine SIGKILL, lost',
    persists: false,
    inject: async ({ redis }) => {
      await redis.kill()
      await pause(2_000)
      await redis.start()
    },
    expect: { epochs: 2, closerPolls: true, longestGapMs: 2_000 + 5 * INTERVAL_MS, isTold: true }
  },
  {
    name: 'engine SIGKILL, lost, with the leader away',
    persists: false,
    leaderFails: true,
    inject: async ({ leader, redis }) => {
      stop(leader)
      await redis.kill()
      await pause(2_000)
      await redis.start()
      await pause(LEASE_MS + 3 * INTERVAL_MS)
      goOn(leader)
    },
    expect: { epochs: 2, closerPolls: true, longestGapMs: 2_000 + LEASE_MS + 8 * INTERVAL_MS, isTold: true }
  },
  {
    name: 'engine SIGSTOP',
    persists: true,
    inject: async ({ redis }) => {
      redis.freeze()
      await pause(6_000)
      redis.thaw()
    },
    expect: { epochs: 1, longestGapMs: 6_000 + 4 * INTERVAL_MS, isTold: true }
  },
  {
    name: 'engine restored from an older file',
    persists: true,
    inject: async (fleet) => {
      const { redis } = fleet
      redis.backup()
      await fleet.updates(3)
      await redis.kill()
      redis.restore()
      await redis.start()
    },
    expect: { epochs: 2, closerPolls: true, longestGapMs: 5 * INTERVAL_MS }
  },
  {
    name: 'leader partitioned, silent',
    persists: true,
    leaderFails: true,
    inject: (fleet) => silence(fleet.leader, 'silent', LEASE_MS + 4 * INTERVAL_MS),
    expect: { epochs: 1, longestGapMs: LEASE_MS + 8 * INTERVAL_MS, isTold: true }
  },
  {
    name: 'leader partitioned, reset',
    persists: true,
    leaderFails: true,
    inject: (fleet) => silence(fleet.leader, 'reset', LEASE_MS + 4 * INTERVAL_MS),
    expect: { epochs: 1, longestGapMs: LEASE_MS + 8 * INTERVAL_MS, isTold: true }
  },
  {
    name: 'follower partitioned, silent',
    persists: true,
    inject: (fleet) => silence(fleet.followers[0]!, 'silent', 5 * INTERVAL_MS),
    expect: { epochs: 1, longestGapMs: 9 * INTERVAL_MS, isTold: true }
  },
  {
    name: 'follower partitioned, reset',
    persists: true,
    inject: (fleet) => silence(fleet.followers[0]!, 'reset', 5 * INTERVAL_MS),
    expect: { epochs: 1, longestGapMs: 9 * INTERVAL_MS, isTold: true }
  },
  {
    name: 'answers to the leader lost',
    persists: true,
    inject: (fleet) => silence(fleet.leader, 'answers lost', 2 * INTERVAL_MS),
    expect: { epochs: 1, longestGapMs: 7 * INTERVAL_MS, isTold: true }
  },
  {
    name: 'scripts flushed',
    persists: true,
    inject: async (fleet) => {
      const connection = new RedisConnection({ url: fleet.redis.url, clock: systemClock })
      await connection.send(['SCRIPT', 'FLUSH'], 2_000)
      connection.close()
      await fleet.updates(2)
    },
    expect: { epochs: 1, longestGapMs: 3 * INTERVAL_MS }
  }
]

/** Lets it happen to a fleet that serves, and waits until all is as before. */
export async function runFault (t: Teardown, row: FaultRow): Promise<FaultResult> {
  const { name, persists, inject, leaderFails, clients = 6 } = row
  const fleet = await Fleet.start(t, { persists, clients })
  await fleet.regressed()
  await fleet.updates(2)
  const openBefore = Array.from(fleet.listeners[0]?.open ?? [])
  const { leader, database } = fleet
  const at = performance.now()
  const ticksBefore = database.ticks.length
  let leaderMs: number | null = null
  const looked = setInterval(() => {
    if (leaderMs === null && fleet.leader !== leader) leaderMs = performance.now() - at
  }, 50)
  try {
    await inject(fleet)
    await fleet.updates(3)
  } finally {
    clearInterval(looked)
  }
  const { listeners } = fleet
  const all = (of: keyof Listener['faults']) => listeners.flatMap((listener) => listener.faults[of])
  const asked = database.ticksAsked.slice(Math.max(0, ticksBefore - 1))
  // Of each client, from shortly before the fault on.
  const gaps = listeners.map((listener) => longest(listener.at.filter((time) => time > at - 2 * INTERVAL_MS)))
  return {
    name,
    duplicates: all('duplicates'),
    gaps: all('gaps'),
    conflicts: all('conflicts'),
    alerts: all('alerts'),
    unrecovered: listeners.reduce((sum, { unrecovered }) => sum + unrecovered, 0),
    epochs: Math.max(...listeners.map(({ epochs }) => epochs.length)),
    closestPollsMs: closest(asked),
    longestGapMs: Math.max(...gaps),
    leaderMs: leaderFails === undefined ? null : leaderMs,
    isTold: listeners.some(({ errors }) => errors.includes('FEED_UNAVAILABLE')),
    open: Array.from(listeners[0]?.open ?? []),
    openBefore
  }
}

const apart = (times: readonly number[]) => times.slice(1).map((time, index) => time - (times[index] ?? time))
const longest = (times: readonly number[]) => Math.max(0, ...apart(times))
const closest = (times: readonly number[]) => Math.min(Infinity, ...apart(times))
