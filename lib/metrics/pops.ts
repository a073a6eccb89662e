import type { Log } from '../log.ts'
import type { View } from '../feed/view.ts'
import { gauge, type Family } from './exposition.ts'

/** Series of each PoP, of no more PoPs than were asked for: which those are does not change from scrape to scrape. */
export class PopSeriesFamilies {
  readonly #view: View
  readonly #most: number
  readonly #log: Log
  #isCut = false

  /** @param most PoPs that may have series */
  constructor (view: View, most: number, log: Log) {
    this.#view = view
    this.#most = most
    this.#log = log
  }

  read (): Family[] {
    const states = this.#view.latest()?.content.pops.states ?? []
    const told = states.slice(0, this.#most)
    this.#tellCut(states.length)
    const isNow = !this.#view.isIdle && this.#view.latest()?.content.header.status === 'fresh'
    // A series that goes on with an old value would look like one that is measured.
    const reporting = isNow ? told.filter(({ status }) => status === 'fresh') : []
    const compared = reporting.flatMap(({ code: pop, baselineMs }) => baselineMs === null ? [] : [{ pop, baselineMs }])
    return [
      gauge('popcast_pop_cold_start_seconds', 'What a PoP is at now; absent while it is silent or the feed is not fresh.',
        reporting.map(({ code: pop, coldStartMs }) => [{ pop }, coldStartMs / 1_000])),
      gauge('popcast_pop_baseline_seconds', 'What it is compared with.',
        compared.map(({ pop, baselineMs }) => [{ pop }, baselineMs / 1_000])),
      gauge('popcast_pop_healthy', 'Whether it reports and is below HEALTHY_BELOW_MS.',
        told.map(({ code: pop, healthy }) => [{ pop }, Number(healthy)])),
      gauge('popcast_pop_sample_timestamp_seconds', 'Time of its newest sample.',
        told.map(({ code: pop, sampleTime }) => [{ pop }, Date.parse(sampleTime) / 1_000])),
      gauge('popcast_pops_without_series', 'PoPs beyond METRICS_PER_POP, which have no series of their own.',
        states.length - told.length)
    ]
  }

  #tellCut (pops: number): void {
    const isCut = pops > this.#most
    if (isCut === this.#isCut) return
    this.#isCut = isCut
    const fields = { pops, most: this.#most }
    if (isCut) this.#log.warn({ event: 'pop_series_cut', ...fields }, 'there are more PoPs than METRICS_PER_POP allows series of')
    else this.#log.info({ event: 'pop_series_cut_ended', ...fields }, 'every PoP has series again')
  }
}
