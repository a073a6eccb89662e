import type { JSX } from 'preact'
import { land } from '../land.ts'
import { conditions, type Condition } from '../state/condition.ts'
import type { Look } from '../state/look.ts'
import { labelSize, type MapLabel } from '../state/map-labels.ts'
import { crowdOf, type MapMark } from '../state/map-marks.ts'
import { VIEW } from '../state/projection.ts'
import { MarkShape } from './mark.tsx'
import { still } from './still.ts'

const HATCH_PX = 8
const drawingOrder = conditions.toReversed()

/** With a ring that runs out once when it turns critical. */
function PlaceMark ({ condition, x, y, size }: Pick<MapMark, 'x' | 'y' | 'size'> & { condition: Condition }): JSX.Element {
  return (
    <g>
      {condition === 'critical' && <circle class='map-pulse' cx={x} cy={y} r={size} />}
      <MarkShape condition={condition} x={round(x)} y={round(y)} size={round(size)} />
    </g>
  )
}

const StillMark = still(PlaceMark)

/**
 * A layer for each condition, the worst on top. In a layer the order of places never changes, so that no element is moved for
 * another's sake and pulses again.
 */
export function MapMarks ({ marks }: { marks: readonly MapMark[] }): JSX.Element {
  return (
    <g class={`map-marks map-${crowdOf(marks.length)}`}>
      {drawingOrder.map((condition) => (
        <g key={condition} class={`map-layer-${condition}`}>
          {marks.filter(({ place }) => place.condition === condition).map(({ place: { key }, x, y, size }) => (
            <StillMark key={key} condition={condition} x={x} y={y} size={size} />
          ))}
        </g>
      ))}
    </g>
  )
}

/** From marks that stepped aside to where they belong, and to names that are not beside their mark. Below all marks. */
export function MapLines ({ marks, labels }: { marks: readonly MapMark[], labels: readonly MapLabel[] }): JSX.Element {
  return (
    <g class='map-lines'>
      {marks.filter(({ isMoved }) => isMoved).map(({ place, x, y }) => (
        <line key={`mark-${place.key}`} x1={place.x} y1={place.y} x2={x} y2={y} />
      ))}
      {labels.map(({ from, key, x, y }) => from !== null && <line key={key} x1={from.x} y1={from.y} x2={x} y2={y} />)}
    </g>
  )
}

export function MapNames ({ labels, unit }: { labels: readonly MapLabel[], unit: number }): JSX.Element {
  return (
    <g font-size={labelSize(unit)}>
      {labels.map(({ key, text, condition, x, y, anchor }) => (
        <text key={key} class={`map-label map-label-${condition}`} text-anchor={anchor} x={round(x)} y={round(y)}>{text}</text>
      ))}
    </g>
  )
}

/** Sea and land. The sea is hatched while what is known is old. */
export function MapGround ({ look, unit }: { look: Look, unit: number }): JSX.Element {
  const step = HATCH_PX * unit
  return (
    <>
      <defs>
        <pattern id='map-hatch' width={step} height={step} patternUnits='userSpaceOnUse' patternTransform='rotate(45)'>
          <path class='map-hatch' d={`M0 0V${step}`} />
        </pattern>
      </defs>
      {look === 'old' && <rect width={VIEW.width} height={VIEW.height} fill='url(#map-hatch)' />}
      <path class='map-land' d={land} />
    </>
  )
}

/** Over everything, in every state. */
export function Watermark ({ height }: { height: number }): JSX.Element {
  return <text class='map-simulated' transform={`translate(${VIEW.width / 2} ${height / 2}) rotate(-20)`}>SIMULATED</text>
}

/** Around the mark that the keyboard is on, and around that of the PoP that is open. */
export function Ring ({ mark, unit, kind }: { mark: MapMark, unit: number, kind: 'active' | 'selected' }): JSX.Element {
  const radius = mark.size / 2 + (kind === 'active' ? 6 : 3) * unit
  return <circle class={`map-ring map-ring-${kind}`} cx={mark.x} cy={mark.y} r={radius} />
}

/** Tenths are less than a pixel, and thousands of long numbers are not. */
function round (value: number): number {
  return Math.round(value * 10) / 10
}
