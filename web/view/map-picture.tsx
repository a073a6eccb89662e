import type { JSX } from 'preact'
import { useRef } from 'preact/hooks'
import { land } from '../land.ts'
import { conditions } from '../state/condition.ts'
import type { Look } from '../state/look.ts'
import { labelSize, type MapLabel } from '../state/map-labels.ts'
import { crowdOf, type Crowd, type MapMark } from '../state/map-marks.ts'
import { VIEW } from '../state/projection.ts'
import type { Steps } from '../state/shapes.ts'
import { MarkShape } from './mark.tsx'

const HATCH_PX = 8
const drawingOrder = conditions.toReversed()

/**
 * A layer for each condition, the worst on top. In a crowd all of a condition are one path: so many elements would be so many
 * to compare, to style and to paint, and where everything changes at once nothing may take long.
 */
export function MapMarks ({ marks }: { marks: readonly MapMark[] }): JSX.Element {
  const crowd = crowdOf(marks.length)
  const pulsing = usePulsing(marks)
  return (
    <g class={`map-marks map-${crowd}`}>
      {drawingOrder.map((condition) => {
        const layer = marks.filter(({ place }) => place.condition === condition)
        return (
          <g key={condition} class={`map-layer-${condition}`}>
            {layer.filter((mark) => pulsing.has(mark.place.key)).map(({ place, x, y, size }) => (
              <circle key={`pulse-${place.key}`} class='map-pulse' cx={x} cy={y} r={size} stroke-width={size / 6} />
            ))}
            {groupsOf(layer, crowd).map((group) => (
              <MarkShape
                key={crowd === 'many' ? group[0]!.place.isPast : group[0]!.place.key} condition={condition}
                isPast={group[0]!.place.isPast} pathOf={(steps) => pathOf(steps, group)}
              />
            ))}
          </g>
        )
      })}
    </g>
  )
}

/** Which are drawn as one. */
function groupsOf (layer: readonly MapMark[], crowd: Crowd): ReadonlyArray<readonly MapMark[]> {
  if (crowd !== 'many') return layer.map((mark) => [mark])
  return [true, false].map((isPast) => layer.filter(({ place }) => place.isPast === isPast)).filter(({ length }) => length > 0)
}

/** The marks of a layer are of one size. */
function pathOf (steps: Steps, marks: readonly MapMark[]): string {
  const shape = steps(marks[0]!.size / 2)
  return marks.map(({ x, y }) => `M${round(x)} ${round(y)}${shape}`).join('')
}

/** More that turn critical at once nobody can look at. */
const MOST_PULSING = 20

/** Which have a ring around them that runs out once: those that turned critical last. */
function usePulsing (marks: readonly MapMark[]): ReadonlySet<string> {
  const last = useRef({ critical: new Set<string>(), pulsing: new Set<string>() })
  const critical = new Set(marks.filter(({ place }) => place.condition === 'critical').map(({ place }) => place.key))
  const turned = [...critical].filter((key) => !last.current.critical.has(key))
  const before = [...last.current.pulsing].filter((key) => critical.has(key))
  // What was taken away is never put back, since it would pulse again.
  const pulsing = turned.length > MOST_PULSING ? new Set(before) : new Set([...before, ...turned].slice(-MOST_PULSING))
  last.current = { critical, pulsing }
  return pulsing
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
