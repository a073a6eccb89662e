import type { RefObject } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { visibleRows } from '../state/rows.ts'
import type { Standing } from '../state/standing.ts'

/** Until it is measured; the size of text is another on a wall. */
const ROW_HEIGHT_PX = 44

interface Seen { readonly top: number, readonly height: number, readonly rowHeight: number }

export interface Window {
  readonly region: RefObject<HTMLDivElement | null>
  readonly first: number
  readonly end: number
  readonly rowHeight: number
  readonly onScroll: () => void
}

/** The rows that the region shows, all or by where it is scrolled to. Which is selected is scrolled to. */
export function useWindow (rows: readonly Standing[], isWindowed: boolean, selected: string | null): Window {
  const region = useRef<HTMLDivElement>(null)
  const [seen, setSeen] = useState<Seen>({ top: 0, height: 0, rowHeight: ROW_HEIGHT_PX })
  const { first, end } = isWindowed
    ? visibleRows(seen.top, seen.height, seen.rowHeight, rows.length)
    : { first: 0, end: rows.length }

  function look (): void {
    if (region.current === null) return
    const next = measured(region.current)
    keepFocus(region.current, visibleRows(next.top, next.height, next.rowHeight, rows.length))
    setSeen((before) => isSame(before, next) ? before : next)
  }

  useLayoutEffect(() => {
    if (!isWindowed || region.current === null) return
    look()
    const observer = new ResizeObserver(look)
    observer.observe(region.current)
    return () => observer.disconnect()
  }, [isWindowed])

  useLayoutEffect(() => {
    if (!isWindowed || selected === null) return
    const index = rows.findIndex(({ pop }) => pop.code === selected)
    if (index !== -1) showRow(region.current!, index)
  }, [isWindowed, selected])

  return { region, first, end, rowHeight: seen.rowHeight, onScroll: () => { if (isWindowed) look() } }
}

function isSame (one: Seen, other: Seen): boolean {
  return one.top === other.top && one.height === other.height && one.rowHeight === other.rowHeight
}

/** By whole rows, so that not every pixel is a change. */
function measured (region: HTMLElement): Seen {
  const rowHeight = region.querySelector('tbody tr[data-index]')?.getBoundingClientRect().height || ROW_HEIGHT_PX
  return { top: Math.floor(region.scrollTop / rowHeight) * rowHeight, height: region.clientHeight, rowHeight }
}

/** The focus would be lost with the row that has it. */
function keepFocus (region: HTMLElement, { first, end }: { first: number, end: number }): void {
  const row = document.activeElement?.closest<HTMLElement>('tr[data-index]')
  if (!row || !region.contains(row)) return
  const index = Number(row.dataset.index)
  if (index < first || index >= end) region.focus({ preventScroll: true })
}

/** Within the region: the page itself is not moved. */
function showRow (region: HTMLElement, index: number): void {
  const { rowHeight } = measured(region)
  const header = region.querySelector('thead')?.getBoundingClientRect().height ?? 0
  const top = index * rowHeight
  if (top < region.scrollTop) region.scrollTop = top
  else if (top + rowHeight + header > region.scrollTop + region.clientHeight) {
    region.scrollTop = top + rowHeight + header - region.clientHeight
  }
}
