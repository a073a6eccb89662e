import type { JSX } from 'preact'
import type { Condition } from '../state/condition.ts'
import { shapes, type Steps } from '../state/shapes.ts'
import { still } from './still.ts'

export interface MarkShapeProps {
  condition: Condition
  /** What it was last, of what does not report any more. */
  isPast?: boolean
  /** The path of a part of the shape. */
  pathOf: (steps: Steps) => string
}

/** Of a condition, inside an svg; or of many that are in it. */
export function MarkShape ({ condition, isPast = false, pathOf }: MarkShapeProps): JSX.Element {
  const { body, sign, ring } = shapes[condition]
  return (
    <g class={`mark mark-${condition}${isPast ? ' is-past' : ''}`}>
      {body !== undefined && <path class='body' d={pathOf(body)} />}
      {sign !== undefined && <path class='sign' d={pathOf(sign)} />}
      {ring !== undefined && <path class={`ring ring-${condition}`} d={pathOf(ring)} />}
    </g>
  )
}

/** Of a condition, in a text; the words beside it say what it means. */
export const Mark = still(({ condition, size = 14 }: { condition: Condition, size?: number }): JSX.Element => (
  <svg class='mark-icon' width={size} height={size} viewBox='-1.2 -1.2 2.4 2.4' aria-hidden='true'>
    <MarkShape condition={condition} pathOf={fromMiddle} />
  </svg>
))

function fromMiddle (steps: Steps): string {
  return `M0 0${steps(1)}`
}
