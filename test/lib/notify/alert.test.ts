import t from 'tap'
import { AlertMaker, fingerprint } from '../../../lib/notify/alert.ts'
import { REGRESSION, START } from '../../support/clients.ts'
import { alertOf } from '../../support/notify.ts'

const NOW = Date.parse(START) + 60_000
const make = new AlertMaker('https://board.example/popcast/')

t.test('an alert of a regression says what, where, since when and where to look', async (t) => {
  const { regression, ...alert } = make.ofRegression(REGRESSION, { city: 'Frankfurt', country: 'DE', tier: '1' }, NOW)
  t.strictSame(alert, {
    labels: {
      alertname: 'PopcastRegression', pop: 'fra1', country: 'DE', city: 'Frankfurt', tier: '1', severity: 'warning'
    },
    annotations: {
      summary: 'fra1: 10 ms, 100 % above the 5 ms of the same time a day earlier',
      description: `since ${START}, score 3, of 60 samples against 450`
    },
    startsAt: Date.parse(START),
    generatorURL: 'https://board.example/popcast/api/pops/fra1'
  })
  t.match(regression, { id: 'fra1_1', state: 'opened', pop: 'fra1' }, 'as clients are told')
})

t.test('what is not known is no label', async (t) => {
  const labels = { alertname: 'PopcastRegression', pop: 'fra1', severity: 'warning' }
  t.strictSame(make.ofRegression(REGRESSION, null, NOW).labels, labels)
  t.strictSame(make.ofRegression(REGRESSION, { city: null, country: '', tier: null }, NOW).labels, labels)
})

t.test('nothing begins in the future', async (t) => {
  t.equal(make.ofRegression({ ...REGRESSION, since: NOW + 900 }, null, NOW).startsAt, NOW)
})

t.test('a code with characters that have a meaning in URLs', async (t) => {
  const { generatorURL } = make.ofRegression({ ...REGRESSION, pop: 'fra/1?#' }, null, NOW)
  t.equal(generatorURL, 'https://board.example/popcast/api/pops/fra%2F1%3F%23')
  t.equal(new AlertMaker(null).ofRegression(REGRESSION, null, NOW).generatorURL, null)
})

t.test('a stale feed', async (t) => {
  t.match(make.ofStaleFeed('the metrics source is unavailable', 'influxdb', Date.parse(START), NOW), {
    labels: { alertname: 'PopcastFeedStale', severity: 'critical', source: 'influxdb' },
    annotations: {
      summary: 'the feed is stale: the metrics source is unavailable',
      description: `the newest data are of ${START}; regressions cannot be told meanwhile`
    },
    startsAt: NOW,
    generatorURL: 'https://board.example/popcast/health'
  })
  t.match(make.ofStaleFeed('x', 'influxdb', null, NOW).annotations.description, /^there are no data;/)
})

t.test('what an alert is known by is its labels, in any order', async (t) => {
  const alert = alertOf()
  const reversed = Object.fromEntries(Object.entries(alert.labels).reverse())
  t.equal(fingerprint({ ...alert, labels: reversed, annotations: {} }), fingerprint(alert))
  t.not(fingerprint(alertOf('fra1', 'critical')), fingerprint(alert))
})
