import type { JSX } from 'preact'
import type { Sort, SortKey } from '../state/address.ts'
import type { Look } from '../state/look.ts'
import { nextSort, WINDOWED_ABOVE } from '../state/rows.ts'
import { lastsOf, type Standing } from '../state/standing.ts'
import { dayOf, PopRow } from './table-row.tsx'
import { still } from './still.ts'
import { useWindow } from './table-window.ts'

export interface PopTableProps {
  /** In the order of `sort`. */
  rows: readonly Standing[]
  sort: Sort
  look: Look
  /** Of what time it is, when that is not now. */
  asOf: string | null
  selected: string | null
  /** Until when durations run. */
  now: number
  onSort: (sort: Sort) => void
  onSelect: (code: string) => void
  /** All rows, since paper cannot be scrolled. */
  isPrint: boolean
  /** What is said when there is no PoP. */
  empty?: string
}

interface Column { readonly id: SortKey, readonly name: string, readonly isNumber?: boolean }

const columns: readonly Column[] = [
  { id: 'code', name: 'code' },
  { id: 'city', name: 'city' },
  { id: 'country', name: 'country' },
  { id: 'tier', name: 'tier' },
  { id: 'value', name: 'now', isNumber: true },
  { id: 'baseline', name: 'baseline', isNumber: true },
  { id: 'change', name: 'change', isNumber: true },
  { id: 'state', name: 'state' },
  { id: 'since', name: 'since', isNumber: true },
  { id: 'sample', name: 'sample', isNumber: true }
]

/** All PoPs, or those that the filter leaves. It is what the map says in words, too. */
export function PopTable (props: PopTableProps): JSX.Element {
  const { rows, sort, look, asOf, selected, isPrint, onSort, empty = look === 'none' ? 'no data yet' : 'no PoPs' } = props
  const isWindowed = !isPrint && rows.length > WINDOWED_ABOVE
  const { region, first, end, rowHeight, onScroll } = useWindow(rows, isWindowed, selected)
  if (rows.length === 0) return <p class='panel pop-table-empty'>{empty}</p>
  return (
    <div
      ref={region} class={`panel pop-table look-${look}${isWindowed ? ' is-windowed' : ''}`} onScroll={onScroll}
      // What is scrolled has to be reachable by keys (WCAG 2.1.1), which then are its own.
      tabIndex={0} role='region' aria-label='Table of PoPs' data-arrows
    >
      <table aria-rowcount={rows.length + 1}>
        <caption class='visually-hidden'>
          PoPs{asOf === null ? '' : `, as of ${asOf}`}{look === 'old' ? ': nothing newer is known' : ''}
        </caption>
        <colgroup>{columns.map(({ id }) => <col key={id} class={`col-${id}`} />)}</colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => <Heading key={column.id} column={column} sort={sort} onSort={onSort} />)}
          </tr>
        </thead>
        <tbody>
          <Spacer rows={first} rowHeight={rowHeight} />
          {rows.slice(first, end).map((standing, index) => (
            <PopRow
              key={standing.pop.code} standing={standing} index={first + index} look={look} today={dayOf(props.now)}
              lasts={lastsOf(standing, props.now)}
              isSelected={standing.pop.code === selected} onSelect={props.onSelect}
            />
          ))}
          <Spacer rows={rows.length - end} rowHeight={rowHeight} />
        </tbody>
      </table>
    </div>
  )
}

const Heading = still(({ column: { id, name, isNumber = false }, sort, onSort }: HeadingProps): JSX.Element => {
  const isSorted = sort.key === id
  const order = sort.descending ? 'descending' : 'ascending'
  return (
    <th scope='col' class={isNumber ? 'number' : ''} aria-sort={isSorted ? order : undefined}>
      <button type='button' onClick={() => onSort(nextSort(sort, id))}>
        {name}<span class='order' aria-hidden='true'>{isSorted ? sort.descending ? '▼' : '▲' : ''}</span>
      </button>
    </th>
  )
})

interface HeadingProps { column: Column, sort: Sort, onSort: (sort: Sort) => void }

/** As high as the rows that are not there. */
function Spacer ({ rows, rowHeight }: { rows: number, rowHeight: number }): JSX.Element | null {
  if (rows <= 0) return null
  return <tr class='spacer' aria-hidden='true'><td style={{ height: `${rows * rowHeight}px` }} /></tr>
}
