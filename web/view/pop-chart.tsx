import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { Alert, Pop } from '../../client/types.ts'
import { asOfWords, duration, shortClock } from '../format.ts'
import type { Look } from '../state/look.ts'
import { popPicture, windowOf } from '../state/picture.ts'
import type { Span } from '../state/spans.ts'
import type { Point } from '../state/points.ts'
import { Chart } from './chart.tsx'

export interface PopChartProps {
  code: string
  points: readonly Point[]
  intervalMs: number
  pop: Pop
  alert: Alert | null
  span: Span | null
  now: number
  look: Look
  theme: string
  simulated: boolean
  isLoading: boolean
}

const HOUR_MS = 3_600_000

/** The last hour of a PoP, in the band in which it is usual. */
export function PopChart (props: PopChartProps): JSX.Element {
  const { code, points, intervalMs, pop, alert, span, now, look, theme, simulated, isLoading } = props
  const edge = windowOf(now, HOUR_MS, null).to
  const { baselineMs, baselineLowMs, baselineHighMs, status } = pop
  const picture = useMemo(() => {
    const open = alert === null ? [] : stepsOf(alert, span)
    const picture = popPicture({ points, intervalMs, pop, windowMs: HOUR_MS, now: edge, look, open })
    return isLoading && points.length === 0 ? { ...picture, words: 'loading' } : picture
  }, [points, intervalMs, baselineMs, baselineLowMs, baselineHighMs, status, alert, span, edge, look, isLoading])
  const medians = points.findLast(({ spanMs }) => spanMs > 0)
  return (
    <div class={`chart chart-pop look-${look}`}>
      <div class='chart-head'>
        <h3>Last hour, ms {picture.rest?.kind === 'shaded' && <small>as of {asOfWords(picture.rest.from, now)}</small>}</h3>
        <ul class='chart-key' role='list'>
          {picture.band === null && <li>no band: not enough data</li>}
          {picture.band !== null && <li><i class='swatch swatch-band' aria-hidden='true' /> usual</li>}
          {medians !== undefined && <li>until {shortClock(medians.time)} medians of {duration(medians.spanMs)}</li>}
        </ul>
      </div>
      <Chart picture={picture} name={`Cold start of ${code}`} simulated={simulated} theme={theme} />
    </div>
  )
}

/** Its opening, and when it became worse or less bad. */
function stepsOf ({ id, since, severity }: Alert, span: Span | null) {
  const from = Date.parse(since)
  const steps = span?.id === id ? span.steps : [{ at: from, severity }]
  return steps.map(({ at, severity }) => {
    return { since: at, severity, words: `${severity} ${at === from ? 'since' : 'from'} ${shortClock(at)}` }
  })
}
