import type { JSX } from 'preact'
import { shortClock } from '../format.ts'
import type { Bar } from '../state/lanes.ts'
import type { OpenTime } from '../state/open-times.ts'
import type { Window } from '../state/series.ts'

export interface LaneBarProps {
  bar: Bar
  window: Window
  isSelected: boolean
  onSelect: () => void
}

const KNOWN_ENDS = ['recovered', 'gone', 'new_normal']

/** One regression: a part for each severity with a notch between them, and a mark that says how it ended. */
export function LaneBar ({ bar, window, isSelected, onSelect }: LaneBarProps): JSX.Element {
  const { span, from, to, isCut, parts, rest, words } = bar
  const isOpen = span.to === null
  const end = KNOWN_ENDS.find((known) => known === span.closeReason) ?? 'other'
  return (
    <li class='bar-item'>
      <button
        type='button' class='bar' aria-label={words} title={words} aria-current={isSelected}
        data-open={isOpen && rest === null} data-cut={isCut}
        style={{ left: place(from, window), width: share(to - from, window) }} onClick={onSelect}
      >
        {parts.map((part) => (
          <i
            key={part.from} class={`bar-part part-${part.severity}`}
            style={{ left: place(part.from, { from, to }), width: share(part.to - part.from, { from, to }) }}
          />
        ))}
        {!isOpen && rest === null && <i class={`bar-end end-${end}`} />}
      </button>
      {rest !== null && (
        <i class='bar-rest' aria-hidden='true' style={{ left: place(to, window), width: share(rest.to - to, window) }} />
      )}
    </li>
  )
}

/** When any of several was open; how many is said where there is room. */
export function GroupBar ({ time, window }: { time: OpenTime, window: Window }): JSX.Element {
  const { from, to, severity, count } = time
  const words = `${severity}, ${count} at once, ${shortClock(from)} to ${shortClock(to)}`
  return (
    <li class='bar-item'>
      <span
        class={`bar-group part-${severity}`} title={words}
        style={{ left: place(from, window), width: share(to - from, window) }}
      >
        <span class='visually-hidden'>{words}</span>
        {count > 1 && <small aria-hidden='true'>{count}</small>}
      </span>
    </li>
  )
}

/** Where a time lies in a window. */
export function place (time: number, { from, to }: Window): string {
  return share(time - from, { from, to })
}

function share (ms: number, { from, to }: Window): string {
  return `${to === from ? 100 : Math.max(0, Math.min(100, 100 * ms / (to - from)))}%`
}
