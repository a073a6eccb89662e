import { computed, signal, type ReadonlySignal } from '@preact/signals'
import type { JSX } from 'preact'
import type { HistoryPoint, Snapshot } from '../client/index.ts'
import type { AppContext } from './context.ts'
import { age, asOfWords } from './format.ts'
import { attentionOf, itemOf } from './state/attention.ts'
import { isFiltered, termsOf } from './state/filter.ts'
import type { Model } from './state/model.ts'
import { sorted } from './state/rows.ts'
import { rhythmOf, samplesOf, seriesOf, type Series } from './state/series.ts'
import { AttentionList } from './view/attention.tsx'
import { OverviewChart } from './view/overview-chart.tsx'
import { PopTable } from './view/table.tsx'
import { Tiles } from './view/tiles.tsx'
import { Timeline } from './view/timeline.tsx'
import { WorldMap } from './view/world-map.tsx'

/** Until a server says its own. */
const INTERVAL_MS = 10_000
/** Of a list that can be scrolled; the table has the others. */
const LIST_LIMIT = 50
/** Worst first: the map needs the room more. */
const WALL_LANES = 3

type Alerts = Snapshot['alerts']

/** By where they are. */
export interface Panes { readonly [name: string]: () => JSX.Element }

/** The parts of the board. */
export function panesOf (context: AppContext): Panes {
  const alerts = computed(() => context.model.snapshot.value.alerts)
  return {
    tiles: tilesOf(context),
    map: mapOf(context),
    list: listOf(context, alerts),
    chart: chartOf(context),
    timeline: timelineOf(context),
    table: tableOf(context, alerts)
  }
}

function isSimulated (model: Model): boolean {
  return model.snapshot.value.server?.source === 'demo'
}

function asOf (model: Model): string | null {
  const time = model.asOf.value
  return time === null ? null : asOfWords(time, model.now.value)
}

/** An age that stands still would be wrong a second later: then it is told of when the numbers are. */
function ageWords (model: Model): string | null {
  const { ageMs } = model.freshness.value
  if (ageMs === null) return null
  if (model.pause.value !== null) return `as of ${asOf(model)}`
  return model.look.value === 'old' || model.look.value === 'late' ? `${age(ageMs)} old` : null
}

function intervalOf (model: Model): number {
  return model.snapshot.value.server?.intervalMs ?? INTERVAL_MS
}

function trendOf (history: readonly HistoryPoint[], intervalMs: number): Series {
  const samples = samplesOf(history)
  return seriesOf(samples, { from: 0, to: Infinity }, rhythmOf(samples, intervalMs))
}

function regressed (model: Model, severity: string): number {
  return [...model.snapshot.value.alerts.values()].filter((alert) => alert.severity === severity).length
}

/** Of what is not filtered: of which PoPs it is, while a filter holds, and of when. */
function noteOf (model: Model, when: string | null): string {
  return [isFiltered(model.address.value) ? 'all PoPs' : null, when].filter((part) => part !== null).join(', ')
}

function asOfNote (model: Model): string {
  const time = asOf(model)
  return noteOf(model, time === null ? null : `as of ${time}`)
}

function tilesOf ({ model }: AppContext) {
  const history = computed(() => model.snapshot.value.history)
  const interval = computed(() => intervalOf(model))
  const trend = computed(() => trendOf(history.value, interval.value))
  return () => {
    const { overview, server } = model.snapshot.value
    const isKnown = overview !== null && model.isWhole.value
    return (
      <Tiles
        overview={overview}
        healthyBelowMs={server?.healthyBelowMs ?? null}
        regressed={isKnown ? { critical: regressed(model, 'critical'), warning: regressed(model, 'warning') } : null}
        trend={trend.value}
        look={model.look.value}
        note={noteOf(model, ageWords(model))}
      />
    )
  }
}

function mapOf ({ model, actions }: AppContext) {
  return () => (
    <section class='panel' aria-label='Map'>
      <WorldMap
        pops={model.pops.value}
        look={model.look.value}
        asOf={asOf(model)}
        selected={model.address.value.pop}
        simulated={isSimulated(model)}
        isEmpty={model.snapshot.value.overview?.totalPops === 0}
        overviewWindowMs={model.snapshot.value.server?.overviewWindowMs ?? null}
        onSelect={actions.select}
        onNoLocation={actions.showUnlocated}
      />
    </section>
  )
}

function listOf ({ model, actions, isWall, isPrinting }: AppContext, alerts: ReadonlySignal<Alerts>) {
  const fitting = signal(1)
  const onRows = (rows: number) => { fitting.value = rows }
  const isFitted = computed(() => isWall.value && !isPrinting.value)
  // What is how urgent depends on the data: of a second that passes only what is said of durations does.
  const attention = computed(() => {
    const all = isPrinting.value ? Infinity : LIST_LIMIT
    // Where there is no room, places would take that of rows.
    return isFitted.value
      ? attentionOf(model.pops.value, alerts.value, fitting.value, 0)
      : attentionOf(model.pops.value, alerts.value, all)
  })
  return () => {
    // First, so that it is worked out when the update comes, and not in the frame that has to draw it.
    const { shown, ...counts } = attention.value
    const { overview, pops } = model.snapshot.value
    // PoPs come after the overview.
    const isKnown = overview !== null && model.look.value !== 'none' && (pops.size > 0 || model.isWhole.value)
    return (
      <AttentionList
        items={shown.map((standing) => itemOf(standing, model.until.value))}
        {...counts}
        filter={isFiltered(model.address.value) ? termsOf(model.address.value) : null}
        look={model.look.value}
        asOf={asOf(model)}
        selected={model.address.value.pop}
        empty={!isKnown ? 'no data yet' : model.pops.value.length === 0 ? 'no PoPs' : 'nothing'}
        onSelect={actions.select}
        onShowAll={() => actions.show('table')}
        onRows={isFitted.value ? onRows : null}
      />
    )
  }
}

function chartOf ({ model, spans, theme, cursor }: AppContext) {
  return () => {
    const { history, server } = model.snapshot.value
    return (
      <section class='panel' aria-label='Mean cold start'>
        <OverviewChart
          history={history}
          intervalMs={intervalOf(model)}
          healthyBelowMs={server?.healthyBelowMs ?? null}
          windowMs={model.address.value.windowMs}
          now={model.feedNow.value}
          look={model.look.value}
          note={asOfNote(model)}
          regressions={spans.value}
          simulated={isSimulated(model)}
          theme={theme.value}
          cursor={cursor}
        />
      </section>
    )
  }
}

function timelineOf ({ model, actions, spans, cursor, isWall, isPrinting }: AppContext) {
  return () => (
    <section class='panel' aria-label='Regressions over time'>
      <Timeline
        spans={spans.value}
        pops={model.snapshot.value.pops}
        windowMs={model.address.value.windowMs}
        now={model.feedNow.value}
        dataTime={model.freshness.value.dataTime?.getTime() ?? null}
        look={model.look.value}
        note={asOfNote(model)}
        selected={model.address.value.pop}
        onSelect={actions.select}
        cursor={cursor}
        most={isWall.value && !isPrinting.value ? WALL_LANES : Infinity}
      />
    </section>
  )
}

function tableOf ({ model, actions, isPrinting }: AppContext, alerts: ReadonlySignal<Alerts>) {
  const sort = computed(() => model.address.value.sort)
  const rows = computed(() => sorted(model.pops.value, alerts.value, sort.value))
  return () => (
    <section class='panel' aria-label='All PoPs'>
      <PopTable
        rows={rows.value}
        sort={model.address.value.sort}
        look={model.look.value}
        asOf={asOf(model)}
        selected={model.address.value.pop}
        now={model.until.value}
        onSort={actions.sort}
        onSelect={actions.select}
        isPrint={isPrinting.value}
      />
    </section>
  )
}
