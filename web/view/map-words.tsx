import type { JSX } from 'preact'
import { duration } from '../format.ts'
import { conditions, conditionWords } from '../state/condition.ts'
import type { Look } from '../state/look.ts'
import type { MapLabels } from '../state/map-labels.ts'
import type { Places } from '../state/places.ts'
import { Mark } from './mark.tsx'

/** Across the map while what it shows is not of now. */
export function MapBanner ({ asOf }: { asOf: string | null }): JSX.Element {
  return <p class='map-banner'>{asOf === null ? 'out of date' : `as of ${asOf}`}</p>
}

/** Why there are no marks; null where there are. */
export function whyEmpty (look: Look, { places, unlocated }: Places, isEmpty: boolean, windowMs: number | null): string | null {
  if (look === 'none') return 'no data yet'
  if (isEmpty) return windowMs === null ? 'no PoP reported lately' : `no PoP reported in the last ${duration(windowMs)}`
  if (places.length > 0) return null
  return unlocated > 0 ? 'no PoP has coordinates' : 'no PoPs to show'
}

/** '3 critical, 1 warning': what the map could not name or not show apart. */
export function MapUnnamed ({ unnamed, covered }: { unnamed: MapLabels['unnamed'], covered: number }): JSX.Element | null {
  const counts = (['critical', 'warning'] as const).filter((condition) => unnamed[condition] > 0)
    .map((condition) => `${unnamed[condition]} ${condition}`)
  if (counts.length === 0 && covered === 0) return null
  return (
    <p class='map-unnamed'>
      {counts.length > 0 && <span>not named here: {counts.join(', ')}</span>}
      {covered > 0 && <span>too close to tell apart: {covered}</span>}
    </p>
  )
}

export function MapLegend (): JSX.Element {
  return (
    <ul class='map-legend' aria-label='What the marks mean'>
      {conditions.toReversed().map((condition) => (
        <li key={condition}><Mark condition={condition} /> {conditionWords[condition]}</li>
      ))}
    </ul>
  )
}
