import type { JSX } from 'preact'
import type { Condition } from '../state/condition.ts'

/** A shape for each, so that no state is told by its colour alone. All are drawn around 0,0 and as large as 2. */
const shapes: Record<Condition, () => JSX.Element> = {
  healthy: () => <circle class='body' r='0.8' />,
  slow: () => <path class='body' d='M0-1 1 .8H-1z' />,
  warning: () => <><path class='body' d='M0-1.1 1.1 0 0 1.1-1.1 0z' /><path class='sign' d='M0-.5v.5M0 .4v.12' /></>,
  critical: () => <><path class='body' d='M-.95-.95h1.9v1.9h-1.9z' /><path class='sign' d='M-.45-.45.45.45M.45-.45-.45.45' /></>,
  silent: () => <><circle class='ring' r='0.75' /><path class='ring' d='M-.75 0h1.5' /></>,
  unknown: () => <circle class='ring dotted' r='0.75' />
}

/** Of a condition, inside an svg. `size`: its width. */
export function MarkShape ({ condition, x, y, size }: { condition: Condition, x: number, y: number, size: number }): JSX.Element {
  return <g class={`mark mark-${condition}`} transform={`translate(${x} ${y}) scale(${size / 2})`}>{shapes[condition]()}</g>
}

/** Of a condition, in a text; the words beside it say what it means. */
export function Mark ({ condition, size = 14 }: { condition: Condition, size?: number }): JSX.Element {
  return (
    <svg class='mark-icon' width={size} height={size} viewBox='-1.2 -1.2 2.4 2.4' aria-hidden='true'>
      <g class={`mark mark-${condition}`}>{shapes[condition]()}</g>
    </svg>
  )
}
