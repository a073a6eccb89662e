import { alertData } from '../feed/alert.ts'
import type { PopState } from '../fleet/pop-state.ts'
import type { Regression } from '../fleet/regressions.ts'
import type { AlertMessage } from '../protocol/server-messages.ts'
import { timestamp } from '../protocol/timestamp.ts'

/** Something that somebody is to be told of, in the words of Alertmanager. Its labels are what it is known by. */
export interface Alert {
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  /** ms since the epoch. */
  startsAt: number
  /** null: where popcast is reached is not known. */
  generatorURL: string | null
  /** What clients of the feed are told; null: it is not about a regression. */
  regression: AlertMessage['data'] | null
}

/** Makes alerts of what the feed says. */
export class AlertMaker {
  readonly #publicUrl: string | null

  /** @param publicUrl under which people reach popcast; null: it is not known */
  constructor (publicUrl: string | null) {
    this.#publicUrl = publicUrl?.replace(/\/+$/, '') ?? null
  }

  /**
   * The labels come from the data alone, so that another process that finds the same regression, and this one after a
   * restart, tell of the same alert.
   * @param state null: the PoP is not there any more
   */
  ofRegression (regression: Regression, state: Pick<PopState, 'city' | 'country' | 'tier'> | null, now: number): Alert {
    const data = alertData(regression)
    const { since, zScore, samples } = data
    const { pop, severity } = regression
    const { city = null, country = null, tier = null } = state ?? {}
    return {
      labels: withoutNulls({ alertname: 'PopcastRegression', pop, country, city, tier, severity }),
      annotations: {
        summary: data.message,
        description: `since ${since}, score ${zScore}, of ${samples.recent} samples against ${samples.baseline}`
      },
      startsAt: Math.min(regression.since, now),
      generatorURL: this.#link(`/api/pops/${encodeURIComponent(pop)}`),
      regression: data
    }
  }

  /** @param why in words */
  ofStaleFeed (why: string, source: string, dataTime: number | null, since: number): Alert {
    const newest = dataTime === null ? 'there are no data' : `the newest data are of ${timestamp(dataTime)}`
    return {
      labels: { alertname: 'PopcastFeedStale', severity: 'critical', source },
      annotations: { summary: `the feed is stale: ${why}`, description: `${newest}; regressions cannot be told meanwhile` },
      startsAt: since,
      generatorURL: this.#link('/health'),
      regression: null
    }
  }

  #link (path: string): string | null {
    return this.#publicUrl === null ? null : this.#publicUrl + path
  }
}

/** The same for the same labels, whatever their order. */
export function fingerprint ({ labels }: Alert): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => a < b ? -1 : 1))
}

function withoutNulls (labels: Record<string, string | null>): Record<string, string> {
  const isTold = (entry: [string, string | null]): entry is [string, string] => entry[1] !== null && entry[1] !== ''
  return Object.fromEntries(Object.entries(labels).filter(isTold))
}
