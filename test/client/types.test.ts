import t from 'tap'
import type { Static } from 'typebox'
import type { Alert, Overview, Pop, PopcastEvents, PopsFilter, Server, SourceError } from '../../client/index.ts'
import { AlertData } from '../../lib/protocol/alerts.ts'
import type { PopsFilterSchema } from '../../lib/protocol/client-messages.ts'
import type { ClientErrorCode } from '../../lib/protocol/errors.ts'
import {
  MetricsUpdate, PopState, unrecoverable, Welcome, type Unrecoverable, type WelcomeMessage
} from '../../lib/protocol/server-messages.ts'

/** What a page may rely on is what the server says: each way that is not assignable is an error of the compiler's here. */
type Same<A, B> = [Mutable<A>, Mutable<B>] extends [Mutable<B>, Mutable<A>] ? true : 'not the same'
type Mutable<T> = T extends object ? { -readonly [Name in keyof T]: Mutable<T[Name]> } : T
type Fields<T> = { [Name in keyof T]-?: true }

const same: {
  pop: Same<Pop, Static<typeof PopState>>
  alert: Same<Alert, Static<typeof AlertData>>
  // A mean of nothing is null at the client.
  overview: Same<
    Omit<Overview, 'averageColdStart'> & { averageColdStart: number },
    Static<typeof MetricsUpdate>['data'] & Pick<Static<typeof MetricsUpdate>, 'silentPops'>
  >
  mean: Same<Overview['averageColdStart'], number | null>
  server: Same<Server, Pick<WelcomeMessage, keyof Server>>
  filter: Same<PopsFilter, Static<typeof PopsFilterSchema>>
  reason: Same<PopcastEvents['resumed']['reason'], Unrecoverable | null>
  sourceError: Same<SourceError['code'], Extract<ClientErrorCode, `SOURCE_${string}` | 'FEED_UNAVAILABLE'>>
} = {
  pop: true, alert: true, overview: true, mean: true, server: true, filter: true, reason: true, sourceError: true
}

const pop: Fields<Pop> = {
  code: true,
  city: true,
  country: true,
  tier: true,
  latitude: true,
  longitude: true,
  coldStartMs: true,
  healthy: true,
  status: true,
  regression: true,
  sampleTime: true,
  baselineMs: true,
  baselineLowMs: true,
  baselineHighMs: true
}
const alert: Fields<Alert> = {
  id: true,
  pop: true,
  state: true,
  severity: true,
  since: true,
  recentMs: true,
  baselineMs: true,
  baselineKind: true,
  changePercent: true,
  zScore: true,
  samples: true,
  message: true,
  closeReason: true
}
const overview: Fields<Omit<Overview, 'silentPops'>> = {
  totalPops: true, healthyPops: true, averageColdStart: true, regressions: true
}
const server: Fields<Server> = {
  source: true,
  version: true,
  protocol: true,
  epoch: true,
  intervalMs: true,
  heartbeatMs: true,
  healthyBelowMs: true,
  overviewWindowMs: true
}
const reason: Record<NonNullable<PopcastEvents['resumed']['reason']>, true> = {
  other_epoch: true, too_old: true, too_large: true, unknown_seq: true, invalid_position: true
}
// These are told elsewhere, or nobody's business.
const { type, data, seq, headSeq, limits, instance, tokenExpiresAt, tokenExpiresInMs, ...ofServer } = Welcome.properties

const names = (object: object) => Object.keys(object).sort()
for (const [name, declared, schema] of [
  ['pop', pop, PopState.properties],
  ['alert', alert, AlertData.properties],
  ['overview', overview, MetricsUpdate.properties.data.properties],
  ['server', server, ofServer],
  ['reason', reason, unrecoverable]
] as const) {
  t.test(`${name} has the fields of the schema, and no other`, async (t) => {
    t.equal(same[name], true)
    t.strictSame(names(declared), names(schema))
  })
}
