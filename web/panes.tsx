import { computed, signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { Overview } from '../client/index.ts'
import type { AppContext } from './context.ts'
import { age, clock, moment } from './format.ts'
import { attentionOf, itemOf } from './state/attention.ts'
import { isFiltered } from './state/filter.ts'
import type { Model } from './state/model.ts'
import { AttentionList } from './view/attention.tsx'
import { OverviewChart } from './view/overview-chart.tsx'
import { PopTable } from './view/table.tsx'
import { Tiles } from './view/tiles.tsx'
import { Timeline } from './view/timeline.tsx'
import { WorldMap } from './view/world-map.tsx'

const DAY_MS = 86_400_000
/** Of a list that can be scrolled; the table has the others. */
const LIST_LIMIT = 50
/** Worst first: the map needs the room more. */
const WALL_LANES = 3

/** By where they are. */
export interface Panes { readonly [name: string]: () => JSX.Element }

/** The parts of the board. */
export function panesOf (context: AppContext): Panes {
  return {
    tiles: tilesOf(context),
    map: mapOf(context),
    list: listOf(context),
    chart: chartOf(context),
    timeline: timelineOf(context),
    table: tableOf(context)
  }
}

function isSimulated (model: Model): boolean {
  return model.snapshot.value.server?.source === 'demo'
}

function asOfWords (model: Model): string | null {
  const time = model.asOf.value
  return time === null ? null : model.now.value - time.getTime() > DAY_MS ? moment(time) : clock(time)
}

/** An age that stands still would be wrong a second later: then it is told of when the numbers are. */
function ageWords (model: Model): string | null {
  const { ageMs } = model.freshness.value
  if (ageMs === null) return null
  if (model.pause.value !== null) return `as of ${asOfWords(model)}`
  return model.look.value === 'old' || model.look.value === 'late' ? `${age(ageMs)} old` : null
}

function regressed (model: Model, severity: string): number {
  return [...model.snapshot.value.alerts.values()].filter((alert) => alert.severity === severity).length
}

function emptyWords ({ totalPops }: Overview, isFiltered: boolean): string {
  if (totalPops === 0) return 'no PoPs'
  return isFiltered ? 'nothing among those that the filter leaves' : 'nothing: all that report are healthy'
}

function tilesOf ({ model }: AppContext) {
  return () => {
    const { overview, history } = model.snapshot.value
    const look = model.look.value
    return (
      <Tiles
        overview={overview}
        critical={regressed(model, 'critical')}
        warning={regressed(model, 'warning')}
        trend={useMemo(() => history.map(({ overview }) => overview.averageColdStart), [history])}
        look={look}
        ageWords={ageWords(model)}
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
        asOf={model.asOf.value}
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

function listOf ({ model, actions, isWall, isPrinting }: AppContext) {
  const fitting = signal(1)
  const onRows = (rows: number) => { fitting.value = rows }
  const isFitted = computed(() => isWall.value && !isPrinting.value)
  const alerts = computed(() => model.snapshot.value.alerts)
  // What is how urgent depends on the data: of a second that passes only what is said of durations does.
  const attention = computed(() => {
    const all = isPrinting.value ? Infinity : LIST_LIMIT
    // Where there is no room, places would take that of rows.
    return isFitted.value
      ? attentionOf(model.pops.value, alerts.value, fitting.value, 0)
      : attentionOf(model.pops.value, alerts.value, all)
  })
  return () => {
    const { overview } = model.snapshot.value
    const { shown, total, more } = attention.value
    const isKnown = overview !== null && model.look.value !== 'none'
    return (
      <AttentionList
        items={shown.map((standing) => itemOf(standing, model.until.value))}
        total={total}
        more={more}
        healthy={isKnown ? overview.healthyPops : null}
        look={model.look.value}
        asOf={asOfWords(model)}
        selected={model.address.value.pop}
        empty={isKnown ? emptyWords(overview, isFiltered(model.address.value)) : 'no data yet'}
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
          intervalMs={server?.intervalMs ?? 10_000}
          healthyBelowMs={server?.healthyBelowMs ?? null}
          windowMs={model.address.value.windowMs}
          now={model.feedNow.value}
          look={model.look.value}
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
        selected={model.address.value.pop}
        onSelect={actions.select}
        cursor={cursor}
        most={isWall.value && !isPrinting.value ? WALL_LANES : Infinity}
      />
    </section>
  )
}

function tableOf ({ model, actions, isPrinting }: AppContext) {
  return () => (
    <section class='panel' aria-label='All PoPs'>
      <PopTable
        pops={model.pops.value}
        alerts={model.snapshot.value.alerts}
        sort={model.address.value.sort}
        look={model.look.value}
        asOf={asOfWords(model)}
        selected={model.address.value.pop}
        now={model.until.value}
        onSort={actions.sort}
        onSelect={actions.select}
        isPrint={isPrinting.value}
      />
    </section>
  )
}
