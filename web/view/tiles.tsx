import type { ComponentChildren, JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { Overview } from '../../client/types.ts'
import { ms, unknown } from '../format.ts'
import type { Look } from '../state/look.ts'
import type { Series } from '../state/series.ts'
import { SPARKLINE, sparklineOf } from '../state/sparkline.ts'
import { Mark } from './mark.tsx'

export interface TilesProps {
  /** Of all PoPs. */
  overview: Overview | null
  /** What `healthyPops` are below; null: not known. */
  healthyBelowMs: number | null
  /** How many are open; null: not known. */
  regressed: Regressed | null
  /** The means of the last hour. */
  trend: Series
  look: Look
  /** What has to be known of all of them: of which PoPs they are, and of when. */
  note: string
}

/** The four numbers. What is not known is a dash, never a zero. */
export function Tiles ({ overview, healthyBelowMs, regressed, trend, look, note }: TilesProps): JSX.Element {
  const { totalPops = null, healthyPops = null, averageColdStart = null, silentPops = null } = overview ?? {}
  const share = totalPops === null || healthyPops === null || totalPops === 0 ? null : healthyPops / totalPops
  return (
    <section class={`tiles look-${look}`} aria-label='Overview'>
      {/* Not the PoPs that are marked healthy: one that is below may be slower than it usually is. */}
      <Tile name={healthyBelowMs === null ? 'Healthy' : `Below ${ms(healthyBelowMs)}`} note={note}>
        <b>{overview === null ? unknown : `${healthyPops} of ${totalPops}`}</b>
        {share !== null && <span>{wholePercent(share)} %</span>}
      </Tile>
      <Tile name='Mean cold start' note={note}>
        <b>{ms(averageColdStart)}</b>
        <Sparkline series={trend} />
      </Tile>
      <Tile name='Regressed' note={note}>
        {regressed === null ? <b>{unknown}</b> : <Counts {...regressed} />}
      </Tile>
      <Tile name='Silent' note={note}>
        <b>{silentPops ?? unknown}</b>
        {silentPops !== null && silentPops > 0 && <Mark condition='silent' />}
      </Tile>
    </section>
  )
}

interface Regressed { critical: number, warning: number }

function Counts ({ critical, warning }: Regressed): JSX.Element {
  return (
    <>
      <b class={critical > 0 ? 'is-critical' : warning > 0 ? 'is-warning' : ''}>{critical + warning}</b>
      {critical > 0 && <span><Mark condition='critical' /> {critical} critical</span>}
      {warning > 0 && <span><Mark condition='warning' /> {warning} {warning === 1 ? 'warning' : 'warnings'}</span>}
    </>
  )
}

interface TileProps { name: string, note: string, children: ComponentChildren }

function Tile ({ name, note, children }: TileProps): JSX.Element {
  return (
    <div class='tile'>
      <h2>{name}</h2>
      {note !== '' && <small>{note}</small>}
      <p>{children}</p>
    </div>
  )
}

/** All but one of two thousand is not 100 %. */
function wholePercent (share: number): number {
  return share > 0.99 && share < 1 ? 99 : Math.round(share * 100)
}

/** The chart below says it in words. */
function Sparkline ({ series }: { series: Series }): JSX.Element | null {
  const path = useMemo(() => sparklineOf(series), [series])
  return path === '' ? null : <svg class='sparkline' {...SPARKLINE} aria-hidden='true'><path d={path} /></svg>
}
