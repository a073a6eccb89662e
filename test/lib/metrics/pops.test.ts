import t from 'tap'
import { PopSeriesFamilies } from '../../../lib/metrics/pops.ts'
import { expose } from '../../../lib/metrics/exposition.ts'
import { INTERVAL_MS, setUp, steadyPops } from '../../support/feeds.ts'
import { readExposition } from '../../support/exposition.ts'

function scraped (most: number) {
  const feed = setUp()
  const pops = new PopSeriesFamilies(feed.view, most, feed.log)
  return { ...feed, scrape: () => readExposition(expose(pops.read())) }
}

t.test('each PoP has series of its own', async (t) => {
  const { clock, source, tick, scrape } = scraped(10)
  t.strictSame(scrape().series.map(({ name }) => name), ['popcast_pops_without_series'], 'nothing is known yet')
  source.measurements = steadyPops(clock.now())
  await tick()
  const { value } = scrape()
  t.equal(value('popcast_pop_cold_start_seconds', { pop: 'fra1' }), 0.005)
  t.equal(value('popcast_pop_healthy', { pop: 'ams1' }), 1)
  t.equal(value('popcast_pop_sample_timestamp_seconds', { pop: 'ams1' }), clock.now() / 1_000)
  t.equal(value('popcast_pops_without_series'), 0)
})

t.test('what is not of now is not told as if it were', async (t) => {
  const { clock, source, tick, scrape, fail } = scraped(10)
  source.measurements = steadyPops(clock.now())
  await tick()
  await clock.advance(INTERVAL_MS)
  fail('unavailable')
  await tick()
  const { series, value } = scrape()
  t.notOk(series.some(({ name }) => name === 'popcast_pop_cold_start_seconds'))
  t.equal(value('popcast_pop_sample_timestamp_seconds', { pop: 'fra1' }), (clock.now() - INTERVAL_MS) / 1_000)
})

t.test('more PoPs than may have series are told, and logged once', async (t) => {
  const { clock, source, tick, scrape, log } = scraped(1)
  source.measurements = steadyPops(clock.now())
  await tick()
  for (const round of [1, 2]) {
    const { series, value } = scrape()
    t.strictSame([...new Set(series.flatMap(({ labels: { pop } }) => pop ?? []))], ['ams1'], `the same in scrape ${round}`)
    t.equal(value('popcast_pops_without_series'), 1)
  }
  t.match(log.of('pop_series_cut'), [{ pops: 2, most: 1, level: 'warn' }])
  t.equal(log.of('pop_series_cut').length, 1)
})
