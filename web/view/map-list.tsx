import type { JSX } from 'preact'
import { useId } from 'preact/hooks'
import { conditionWords } from '../state/condition.ts'
import type { Pointing } from './map-pointing.ts'
import type { PlaceWords } from './map-tip.tsx'

export interface MapListProps {
  /** Of the place that the keyboard is on. */
  readonly words: PlaceWords
  readonly id: string
  readonly index: number
  readonly size: number
  readonly isSelected: boolean
  readonly handlers: Pointing['onList']
}

/**
 * The places as a screen reader has them: a list box over the map, one tab stop. Only the option that the keyboard is on is in
 * the document, and it says which of how many it is: there may be 2,000.
 */
export function MapList ({ words, id, index, size, isSelected, handlers }: MapListProps): JSX.Element {
  const optionId = `${useId()}-${id}`
  const { code, where, condition, value, asOf, others } = words
  return (
    <div
      class='map-list' role='listbox' tabIndex={0} aria-activedescendant={optionId} {...handlers}
      aria-label='PoPs by place: arrow keys go to the nearest in that direction, Enter opens'
    >
      <div
        key={id} id={optionId} class='visually-hidden' role='option'
        aria-selected={isSelected} aria-posinset={index + 1} aria-setsize={size}
      >
        {[code, where, conditionWords[condition], value, asOf, others].filter((part) => part !== '').join(', ')}
      </div>
    </div>
  )
}
