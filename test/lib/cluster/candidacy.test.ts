import t from 'tap'
import { Candidacy, LEASE_MS } from '../../../lib/cluster/candidacy.ts'

t.test('who knows what there is comes first, and who does not once the lead was free for 2 s', async (t) => {
  const candidacy = new Candidacy()
  t.equal(candidacy.isNext(true, 0), true)
  candidacy.saw(true, 1_000)
  candidacy.saw(true, 2_000)
  t.equal(candidacy.isNext(false, 2_999), false)
  t.equal(candidacy.isNext(false, 3_000), true)
  candidacy.saw(false, 3_000)
  candidacy.saw(true, 4_000)
  t.equal(candidacy.isNext(false, 5_999), false, 'free without a break')
  t.equal(candidacy.isNext(false, 6_000), true)
})

t.test('who could not begin lets others try for a lease, twice as long each time, a minute at most', async (t) => {
  const candidacy = new Candidacy()
  let now = 0
  t.equal(candidacy.isPaused(now), false)
  for (const pauseMs of [LEASE_MS, 10_000, 20_000, 40_000, 60_000, 60_000]) {
    t.equal(candidacy.failed(now), pauseMs)
    // Others have it, one after the other.
    for (let second = 1_000; second < pauseMs; second += 1_000) {
      candidacy.saw(second % 3_000 !== 0, now + second)
      t.equal(candidacy.isPaused(now + second), true)
    }
    now += pauseMs
    t.equal(candidacy.isPaused(now), false)
  }
})

t.test('another one leads that has the lease for longer than one that only tries to begin', async (t) => {
  const candidacy = new Candidacy()
  t.equal(candidacy.isLed(0), false)
  for (let now = 0; now <= LEASE_MS; now += 1_000) candidacy.saw(false, now, 3)
  t.equal(candidacy.isLed(LEASE_MS), false)
  candidacy.saw(false, LEASE_MS + 1_000, 3)
  t.equal(candidacy.isLed(LEASE_MS + 1_000), true)
  candidacy.saw(false, LEASE_MS + 2_000, 4)
  t.equal(candidacy.isLed(LEASE_MS + 2_000), false, 'the next one may not')
  for (const gone of [() => candidacy.saw(true, 20_000), () => candidacy.saw(false, 30_000)]) {
    candidacy.saw(false, 10_000, 4)
    gone()
    t.equal(candidacy.isLed(40_000), false, 'it has it no more, or nobody knows')
  }
})

t.test('it waits no longer than others want the lead', async (t) => {
  const candidacy = new Candidacy()
  for (const now of [0, 10_000, 20_000]) {
    candidacy.saw(true, now)
    candidacy.failed(now)
    candidacy.saw(true, now + 1_000)
    t.equal(candidacy.isPaused(now + 4_999), true, 'from when it was seen free again')
    t.equal(candidacy.isPaused(now + 5_000), false)
  }
})

t.test('what was long ago does not count, nor what was before it led', async (t) => {
  const candidacy = new Candidacy()
  for (const now of [0, 5_000, 100_000]) candidacy.failed(now)
  t.equal(candidacy.failed(200_000), LEASE_MS)
  t.equal(candidacy.failed(205_000), 2 * LEASE_MS)
  candidacy.succeeded()
  t.equal(candidacy.isPaused(206_000), false)
  t.equal(candidacy.failed(206_000), LEASE_MS)
})
