import type { RefObject, TargetedEvent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { MapMark } from '../state/map-marks.ts'
import { isDirection, markAt, stepFrom } from '../state/map-steps.ts'
import { codeToOpen } from '../state/places.ts'
import { pointIn, type Fit } from './map-fit.ts'

/** As large as a finger, whatever the mark's size. */
const REACH_PX = 22

export interface PointingOptions {
  readonly field: RefObject<HTMLElement | null>
  /** Worst first. */
  readonly marks: readonly MapMark[]
  readonly fit: Fit | null
  /** Of the part of the view that is shown. */
  readonly height: number
  readonly selected: string | null
  readonly onSelect: (code: string) => void
}

export interface Pointing {
  /** Under the mouse. */
  readonly hovered: MapMark | null
  /** Where the keyboard is: the PoP that is open, else the worst, until a key moves it. null: there is none. */
  readonly active: MapMark | null
  /** Whether the keyboard is in use here. */
  readonly isFocused: boolean
  readonly onField: {
    onPointerMove: (event: PointerEvent) => void
    onPointerLeave: () => void
    onClick: (event: MouseEvent) => void
  }
  readonly onList: {
    onFocus: (event: TargetedEvent<HTMLElement>) => void
    onBlur: () => void
    onKeyDown: (event: KeyboardEvent) => void
  }
}

/** Which mark is pointed at, by mouse, finger or keyboard. Kept by key, so that a tick takes nothing away under the hand. */
export function usePointing (options: PointingOptions): Pointing {
  const { field, marks, fit, height, selected, onSelect } = options
  const [hoveredKey, setHovered] = useState<string | null>(null)
  const [activeKey, setActive] = useState<string | null>(null)
  const [isFocused, setFocused] = useState(false)
  useEscape(hoveredKey !== null, () => setHovered(null))
  const withKey = (key: string | null) => key === null ? undefined : marks.find(({ place }) => place.key === key)
  const open = marks.find(({ place }) => selected !== null && place.codes.includes(selected))
  const active = withKey(activeKey) ?? open ?? marks[0] ?? null

  function under (event: MouseEvent): MapMark | null {
    if (field.current === null || fit === null) return null
    return markAt(marks, pointIn(field.current, event, fit.perPx, height), REACH_PX * fit.perPx)
  }

  function select (mark: MapMark): void {
    setActive(mark.place.key)
    onSelect(codeToOpen(mark.place, selected))
  }

  function onKeyDown (event: KeyboardEvent): void {
    if (active === null || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    const { key } = event
    if (key === 'Enter' || key === ' ') select(active)
    else if (key === 'Home') setActive(marks[0]?.place.key ?? null)
    else if (key === 'End') setActive(marks.at(-1)?.place.key ?? null)
    else if (isDirection(key)) setActive((stepFrom(marks, active, key) ?? active).place.key)
    else return
    setFocused(true)
    // Neither scrolls the page nor moves in the list, whose keys are the same.
    event.preventDefault()
    event.stopPropagation()
  }

  return {
    hovered: withKey(hoveredKey) ?? null,
    active,
    isFocused,
    onField: {
      onPointerMove: (event) => setHovered(under(event)?.place.key ?? null),
      onPointerLeave: () => setHovered(null),
      onClick: (event) => {
        const mark = under(event)
        if (mark !== null) select(mark)
      }
    },
    onList: {
      onFocus: ({ currentTarget }) => setFocused(currentTarget.matches(':focus-visible')),
      onBlur: () => setFocused(false),
      onKeyDown
    }
  }
}

/** What appears under the mouse can be sent away without moving it (WCAG 1.4.13). */
function useEscape (isOn: boolean, onEscape: () => void): void {
  useEffect(() => {
    if (!isOn) return
    const onKeyDown = ({ key }: KeyboardEvent) => { if (key === 'Escape') onEscape() }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [isOn])
}
