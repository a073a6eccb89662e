import type { ComponentChildren, JSX } from 'preact'
import type { Overview } from '../../client/types.ts'
import { ms, unknown } from '../format.ts'
import type { Look } from '../state/look.ts'
import { Mark } from './mark.tsx'

export interface TilesProps {
  overview: Overview | null
  critical: number
  warning: number
  /** The means of the last hour, oldest first; null: a gap. */
  trend: ReadonlyArray<number | null>
  look: Look
  /** How old what is shown is, in words; for when it is not new. */
  ageWords: string | null
}

/** The four numbers. What is not known is a dash, never a zero. */
export function Tiles ({ overview, critical, warning, trend, look, ageWords }: TilesProps): JSX.Element {
  const { totalPops = null, healthyPops = null, averageColdStart = null, silentPops = null } = overview ?? {}
  const share = totalPops === null || healthyPops === null || totalPops === 0 ? null : healthyPops / totalPops
  const isKnown = overview !== null
  return (
    <section class={`tiles look-${look}`} aria-label='Overview'>
      <Tile name='Healthy' ageWords={ageWords}>
        <b>{isKnown ? `${healthyPops} of ${totalPops}` : unknown}</b>
        {share !== null && <span>{wholePercent(share)} %</span>}
      </Tile>
      <Tile name='Mean cold start' ageWords={ageWords}>
        <b>{ms(averageColdStart)}</b>
        <Sparkline values={trend} />
      </Tile>
      <Tile name='Regressed' ageWords={ageWords}>
        {isKnown
          ? <b class={critical > 0 ? 'is-critical' : warning > 0 ? 'is-warning' : ''}>{critical + warning}</b>
          : <b>{unknown}</b>}
        {critical > 0 && <span><Mark condition='critical' /> {critical} critical</span>}
        {warning > 0 && <span><Mark condition='warning' /> {warning} {warning === 1 ? 'warning' : 'warnings'}</span>}
      </Tile>
      <Tile name='Silent' ageWords={ageWords}>
        <b>{silentPops ?? unknown}</b>
        {silentPops !== null && silentPops > 0 && <Mark condition='silent' />}
      </Tile>
    </section>
  )
}

interface TileProps { name: string, ageWords: string | null, children: ComponentChildren }

function Tile ({ name, ageWords, children }: TileProps): JSX.Element {
  return (
    <div class='tile'>
      <h2>{name}</h2>
      {ageWords !== null && <small>{ageWords}</small>}
      <p>{children}</p>
    </div>
  )
}

/** All but one of two thousand is not 100 %. */
function wholePercent (share: number): number {
  return share > 0.99 && share < 1 ? 99 : Math.round(share * 100)
}

const WIDTH = 96
const HEIGHT = 24

/** A line without an axis: whether it rises or falls. The chart below says it in words. */
function Sparkline ({ values }: { values: ReadonlyArray<number | null> }): JSX.Element | null {
  const known = values.filter((value) => value !== null)
  if (known.length < 2) return null
  const [low, high] = [Math.min(...known), Math.max(...known)]
  const step = WIDTH / (values.length - 1)
  // One that hardly moves is a line in the middle, not noise blown up to the full height.
  const range = Math.max(high - low, high * 0.2) || 1
  const middle = (high + low) / 2
  let isOpen = false
  const path = values.map((value, index) => {
    if (value === null) {
      isOpen = false
      return ''
    }
    const y = HEIGHT / 2 - (value - middle) / range * (HEIGHT - 4)
    const point = `${isOpen ? 'L' : 'M'}${(index * step).toFixed(1)} ${y.toFixed(1)}`
    isOpen = true
    return point
  })
  return (
    <svg class='sparkline' width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden='true'>
      <path d={path.join('')} />
    </svg>
  )
}
