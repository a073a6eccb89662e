import type { JSX } from 'preact'
import type { Pop } from '../../client/types.ts'
import { ms } from '../format.ts'
import { conditionOf, conditions, conditionWords, type Condition } from '../state/condition.ts'
import type { Place } from '../state/places.ts'
import { Mark } from './mark.tsx'

/** What is said of a place, to the eye and to a screen reader alike. */
export interface PlaceWords {
  readonly condition: Condition
  readonly code: string
  /** City and country. */
  readonly where: string
  readonly value: string
  /** 'as of 10:39:04Z' while it is not of now, else ''. */
  readonly asOf: string
  /** '4 more here: 1 warning, 3 healthy', or '' for a PoP that is alone. */
  readonly others: string
}

/** Of the PoP that comes first in its place, and of how many others there are. `asOf`: when the value is not of now. */
export function wordsOf (place: Place, pops: readonly Pop[], asOf: string | null): PlaceWords | null {
  const codes = new Set(place.codes)
  const here = pops.filter(({ code }) => codes.has(code))
  const pop = here.find(({ code }) => code === place.codes[0])
  if (pop === undefined) return null
  const others = here.filter((other) => other !== pop)
  const counts = conditions.flatMap((condition) => {
    const count = others.filter((other) => conditionOf(other) === condition).length
    return count === 0 ? [] : `${count} ${conditionWords[condition]}`
  })
  return {
    condition: conditionOf(pop),
    code: pop.code,
    where: [pop.city, pop.country].filter((part) => part !== null && part !== '').join(' '),
    value: ms(pop.coldStartMs),
    asOf: asOf === null ? '' : `as of ${asOf}`,
    others: others.length === 0 ? '' : `${others.length} more here: ${counts.join(', ')}`
  }
}

/** `left`, `top`: of the mark, in per cent of the map. It opens towards the middle, so that it stays on the map. */
export function MapTip ({ words, left, top }: { words: PlaceWords, left: number, top: number }): JSX.Element {
  const { code, where, condition, value, asOf, others } = words
  const side = `${left > 50 ? 'map-tip-left' : 'map-tip-right'} ${top > 50 ? 'map-tip-above' : 'map-tip-below'}`
  return (
    <div class={`map-tip ${side}`} aria-hidden='true' style={{ left: `${left}%`, top: `${top}%` }}>
      <p><Mark condition={condition} /> <strong>{code}</strong> {where}</p>
      <p>{value}, {conditionWords[condition]} {asOf}</p>
      {others !== '' && <p>{others}</p>}
    </div>
  )
}
