import type { Test } from 'tap'
import { build } from './app.ts'
import { FakeClock } from './fake-clock.ts'
import { serveSamples } from './fake-source.ts'

/** What a service is fed with that the test ends and starts again: it remembers what it told. */
export function samples () {
  // Whole samples, and late enough that whatever ends has ended by the clock of others as well.
  const clock = new FakeClock(Math.floor(Date.now() / 10_000) * 10_000 - 240_000)
  return { clock, values: new Map<number, number>() }
}

/** The whole service, which hears of a sample when the test says so. */
export async function fed (t: Test, { clock, values }: ReturnType<typeof samples>, env: Record<string, string>) {
  const slow = { BROADCAST_INTERVAL_MS: '600000', QUERY_TIMEOUT_MS: '1000' }
  const service = await build(t, { ...slow, PUBLIC_URL: 'https://board.example', ...env }, { clock })
  service.app.poller.stop()
  serveSamples(service.app.metricsSource, clock, (time) => values.get(time) ?? 5 + (time / 10_000 % 3 - 1) * 0.34)
  const feed = async (value: number) => {
    await clock.advance(10_000)
    // Back-off is of fractions of a millisecond, which would add up in the clock.
    clock.setWall(Math.round(clock.now() / 10_000) * 10_000)
    values.set(clock.now(), value)
    await service.app.tickMaker.tick()
    await clock.advance(0)
  }
  return { ...service, feed }
}
