import type { JSX } from 'preact'
import { useRef } from 'preact/hooks'
import type { AttentionItem } from '../state/attention.ts'
import type { Look } from '../state/look.ts'
import { useFitting } from './fitting.ts'
import { Mark } from './mark.tsx'
import { still } from './still.ts'

export interface AttentionListProps {
  /** Worst first, as many as are shown. */
  items: readonly AttentionItem[]
  total: number
  /** Of those that are not shown: in words, by where they are. */
  more: readonly string[]
  /** Of the others that the list is of. */
  healthy: number
  unknown: number
  /** Which PoPs they all are; null: all that there are. */
  filter: string | null
  look: Look
  asOf: string | null
  selected: string | null
  /** What is said when there is nothing. */
  empty: string
  onSelect: (code: string) => void
  onShowAll: () => void
  /** How many rows fit, on a screen that cannot be scrolled; null: it can. */
  onRows?: ((rows: number) => void) | null
}

/** What somebody has to look at, worst first. */
export function AttentionList (props: AttentionListProps): JSX.Element {
  const { items, total, more, healthy, unknown, filter, look, asOf, selected, empty, onSelect, onShowAll, onRows = null } = props
  const list = useRef<HTMLOListElement>(null)
  useFitting({ list, onRows, total })
  return (
    <section class={`panel attention look-${look}`} aria-labelledby='attention-title'>
      <h2 id='attention-title'>
        Needs attention
        {total > 0 && <span class='count'> {total}</span>}
        {filter !== null && <small> of {filter}</small>}
        {asOf !== null && <small> as of {asOf}</small>}
      </h2>
      {items.length === 0
        ? <p class='empty'>{empty}</p>
        : (
          <ol ref={list}>
            {items.map((item) => <Row key={item.code} {...item} isSelected={item.code === selected} onSelect={onSelect} />)}
          </ol>
          )}
      {more.length > 0 && <p class='more'>{total - items.length} more: {more.join(', ')}</p>}
      {total + healthy + unknown > 0 && (
        <p class='rest'>
          {healthy > 0 && <span><Mark condition='healthy' /> {healthy} healthy </span>}
          {unknown > 0 && <span><Mark condition='unknown' /> {unknown} not enough data </span>}
          <button type='button' class='link' onClick={onShowAll}>all {total + healthy + unknown} in the table</button>
        </p>
      )}
    </section>
  )
}

interface RowProps extends AttentionItem {
  isSelected: boolean
  onSelect: (code: string) => void
}

/** What it says mostly stays the same from one second to the next. */
const Row = still((props: RowProps): JSX.Element => {
  const { code, condition, isPast, place, value, change, since, isSelected, onSelect } = props
  return (
    <li class={`row-${condition}${isPast ? ' is-past' : ''}`}>
      <button type='button' aria-current={isSelected} data-code={code} onClick={() => onSelect(code)}>
        <Mark condition={condition} size={18} />
        <span class='who'><b>{code}</b> <span class='place'>{place}</span></span>
        <span class='what'>
          <span class='condition'>{condition}</span> <span class='value'>{value}</span>
          {change !== null && <> <b class='change'>{change}</b></>}
        </span>
        {since !== null && <span class='since'>{since}</span>}
      </button>
    </li>
  )
})
