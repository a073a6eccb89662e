import type { Signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { HistoryPoint } from '../../client/types.ts'
import { clock, ms, unknown } from '../format.ts'
import type { Look } from '../state/look.ts'
import { overviewPicture, windowOf, type Picture } from '../state/picture.ts'
import type { Span } from '../state/spans.ts'
import { Chart } from './chart.tsx'

export interface OverviewChartProps {
  history: readonly HistoryPoint[]
  intervalMs: number
  healthyBelowMs: number | null
  windowMs: number
  /** By the feed's clock: see state/feed-time.ts. */
  now: number
  look: Look
  /** Of which PoPs it is, and of when. */
  note: string
  regressions: readonly Span[]
  simulated: boolean
  theme: string
  /** A time that charts show together. */
  cursor: Signal<number | null>
}

/** The mean cold start over time, and when something was regressed. */
export function OverviewChart (props: OverviewChartProps): JSX.Element {
  const { history, intervalMs, healthyBelowMs, windowMs, now, look, note, regressions, simulated, theme, cursor } = props
  // A second that passes moves nothing by a pixel: until the edge moves, the picture is the same.
  const edge = windowOf(now, windowMs, null).to
  const picture = useMemo(
    () => overviewPicture({ history, intervalMs, healthyBelowMs, windowMs, now: edge, look, regressions }),
    [history, intervalMs, healthyBelowMs, windowMs, edge, look, regressions]
  )
  return (
    <div class={`chart chart-overview look-${look}`}>
      <div class='chart-head'>
        <h2>Mean cold start, ms <small>{note}</small></h2>
        <ChartKey picture={picture} />
        <Readout
          history={history} reachMs={2.5 * intervalMs} healthyBelowMs={healthyBelowMs} cursor={cursor}
          idle={healthyBelowMs === null || picture.levels.length > 0 ? '' : `healthy below ${ms(healthyBelowMs)}, off the scale`}
        />
      </div>
      <Chart picture={picture} name='Mean cold start' simulated={simulated} theme={theme} cursor={cursor} />
    </div>
  )
}

/** What is behind the line, in words. */
function ChartKey ({ picture: { shades } }: { picture: Picture }): JSX.Element {
  const severities = (['critical', 'warning'] as const).filter((severity) => shades.some((shade) => shade.severity === severity))
  return (
    <ul class='chart-key' role='list'>
      {severities.map((severity) => (
        <li key={severity}><i class={`swatch swatch-${severity}`} aria-hidden='true' /> {severity} regression open</li>
      ))}
    </ul>
  )
}

interface ReadoutProps {
  history: readonly HistoryPoint[]
  /** A value speaks for so much time. */
  reachMs: number
  healthyBelowMs: number | null
  /** What is said while there is no cursor. */
  idle: string
  cursor: Signal<number | null>
}

/** What was at the cursor; the chart around it is not drawn again for it. */
function Readout ({ history, reachMs, healthyBelowMs, idle, cursor }: ReadoutProps): JSX.Element {
  const time = cursor.value
  if (time === null) return <p class='chart-readout'>{idle}</p>
  const point = nearest(history, time)
  if (point === null || Math.abs(point.dataTime.getTime() - time) > reachMs) {
    return <p class='chart-readout'>{clock(time)} {unknown} no data</p>
  }
  const { averageColdStart, healthyPops, totalPops, regressions } = point.overview
  return (
    <p class='chart-readout'>
      {clock(point.dataTime)} <b>{ms(averageColdStart)}</b>, {healthyPops} of {totalPops}{' '}
      {healthyBelowMs === null ? 'healthy' : `below ${ms(healthyBelowMs)}`}
      {regressions > 0 && `, ${regressions} regressed`}
    </p>
  )
}

function nearest (history: readonly HistoryPoint[], time: number): HistoryPoint | null {
  const distance = (point: HistoryPoint) => Math.abs(point.dataTime.getTime() - time)
  let best = history[0] ?? null
  for (const point of history) if (best !== null && distance(point) < distance(best)) best = point
  return best
}
