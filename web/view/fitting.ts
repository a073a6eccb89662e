import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** So many rows fit into a room of this kind: the size of what is around the list, and how many rows there are. */
interface Fit { readonly room: string, readonly rows: number }

export interface FittingOptions {
  /** As high as what is around it leaves it, however many rows it has. */
  readonly list: RefObject<HTMLElement | null>
  /** null: it can be scrolled. */
  readonly onRows: ((rows: number) => void) | null
  /** How many rows there are to be shown. */
  readonly total: number
}

/**
 * Tells how many rows of a list fit where it cannot be scrolled, whenever that changes: the size of the screen or of text, or
 * the words below it.
 */
export function useFitting ({ list, onRows, total }: FittingOptions): void {
  const fit = useRef<Fit | null>(null)

  function measure (): void {
    const element = list.current
    const row = element?.querySelector('li:last-child')?.getBoundingClientRect().height ?? 0
    if (onRows === null || element === null || row === 0) return
    const around = element.parentElement as HTMLElement
    const room = `${around.clientWidth} ${around.clientHeight} ${total}`
    const rows = Math.max(1, Math.floor(element.clientHeight / row))
    // What is said of those that do not fit takes room itself, more or less of it: in one room there are never more again.
    const least = fit.current?.room === room ? Math.min(fit.current.rows, rows) : rows
    fit.current = { room, rows: least }
    onRows(least)
  }

  useLayoutEffect(() => {
    if (onRows === null || list.current === null) return
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(list.current)
    return () => observer.disconnect()
  }, [onRows, total])
}
