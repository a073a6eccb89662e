import t from 'tap'
import { CLOCK_SKEW_MS, RECENT_WINDOW_MS, SLOW_REFRESH_MS, timeRanges } from '../../../lib/source/source.ts'

const NOW = Date.UTC(2026, 0, 2, 12)

t.test('the windows of the design', async (t) => {
  t.strictSame(
    { RECENT_WINDOW_MS, SLOW_REFRESH_MS, CLOCK_SKEW_MS },
    { RECENT_WINDOW_MS: 120_000, SLOW_REFRESH_MS: 300_000, CLOCK_SKEW_MS: 60_000 }
  )
})

t.test('time ranges', async (t) => {
  const cases = [
    { name: 'overview', start: '2026-01-02T11:50:00.000Z', stop: '2026-01-02T12:01:00.000Z' },
    { name: 'recent', start: '2026-01-02T11:58:00.000Z', stop: '2026-01-02T12:01:00.000Z' },
    { name: 'day', start: '2026-01-01T11:52:30.000Z', stop: '2026-01-01T12:07:30.000Z' },
    { name: 'hour', start: '2026-01-02T10:58:00.000Z', stop: '2026-01-02T11:58:00.000Z' }
  ] as const
  const ranges = timeRanges(NOW, 600_000)
  t.strictSame(Object.keys(ranges), cases.map(({ name }) => name))
  for (const { name, start, stop } of cases) {
    t.strictSame(ranges[name], { start: Date.parse(start), stop: Date.parse(stop) }, name)
  }
})

t.test('only the overview depends on its window', async (t) => {
  const { overview, ...others } = timeRanges(NOW, 5_000)
  const { overview: ten, ...same } = timeRanges(NOW, 600_000)
  t.strictSame(overview, { start: NOW - 5_000, stop: NOW + 60_000 })
  t.equal(ten.start, NOW - 600_000)
  t.strictSame(others, same)
})
