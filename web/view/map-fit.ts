import type { RefObject } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'
import { VIEW, type Point } from '../state/projection.ts'

/** The text size that sizes in px are meant for; on a wall the text is larger, and so are marks. */
const DESK_TEXT_PX = 12

/** How a picture of the view lies in its element: as large as fits, in the middle. */
export interface Fit {
  /** Units of the view per CSS px. */
  readonly perPx: number
  /** Units of the view per px of sizes: grows with the text. */
  readonly unit: number
}

/** Measured before the first paint, and whenever the element or its text changes its size. null: not on the screen. */
export function useFit (element: RefObject<HTMLElement | null>, height: number): Fit | null {
  const [fit, setFit] = useState<Fit | null>(null)
  useLayoutEffect(() => {
    const field = element.current
    if (field === null) return
    const measure = () => {
      const { clientWidth, clientHeight } = field
      if (clientWidth === 0 || clientHeight === 0) return setFit(null)
      const perPx = Math.max(VIEW.width / clientWidth, height / clientHeight)
      const unit = perPx * parseFloat(getComputedStyle(field).fontSize) / DESK_TEXT_PX
      setFit((last) => last?.perPx === perPx && last.unit === unit ? last : { perPx, unit })
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(field)
    return () => observer.disconnect()
  }, [element, height])
  return fit
}

/** From where something happened on the screen to the view. */
export function pointIn (field: HTMLElement, { clientX, clientY }: MouseEvent, perPx: number, height: number): Point {
  const { left, top, width, height: tall } = field.getBoundingClientRect()
  return {
    x: VIEW.width / 2 + (clientX - left - width / 2) * perPx,
    y: height / 2 + (clientY - top - tall / 2) * perPx
  }
}

/** From the view to a part of the element, in per cent. */
export function percentIn (field: HTMLElement, { x, y }: Point, perPx: number, height: number): { left: number, top: number } {
  return {
    left: 50 + (x - VIEW.width / 2) / perPx / field.clientWidth * 100,
    top: 50 + (y - height / 2) / perPx / field.clientHeight * 100
  }
}
