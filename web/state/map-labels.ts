import type { Condition } from './condition.ts'
import { crowdOf, type Crowd, type MapMark } from './map-marks.ts'
import { Occupancy, type Box } from './occupancy.ts'
import { VIEW, type Point } from './projection.ts'

export interface MapLabel {
  /** Of the place. */
  readonly key: string
  readonly text: string
  readonly condition: Condition
  /** Of its text: the middle of the height, and of the width what `anchor` says. */
  readonly x: number
  readonly y: number
  readonly anchor: 'start' | 'middle' | 'end'
  /** Where a line to its mark begins, if it is not beside it. */
  readonly from: Point | null
}

export interface MapLabels {
  readonly labels: readonly MapLabel[]
  /** Critical and warning places for whose names there was no room. */
  readonly unnamed: { readonly critical: number, readonly warning: number }
}

/** Of the text, px. A character is taken to be as wide as those of a wide font, since nothing here can measure it. */
const FONT_PX = 12
const CHARACTER_PX = 7.4
const BOLD_CHARACTER_PX = 8.4
const LINE_PX = 14
const GAP_PX = 3
/** From any other mark: a name that is nearer could be read as that one's. */
const APART_PX = 2 * GAP_PX
/** Cells in which it is kept what is taken, px. */
const CELL_PX = 2
/** How far away a name is tried that has no room beside its mark, in lines. */
const FAR = { needed: [1.5, 2.5, 3.5, 5, 7], few: [1.5, 2.5], others: [] } as const
/** Of a mark, in the order in which they are tried: right is 1, down is 1. */
const sides = [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [1, 1], [-1, -1], [-1, 1]] as const
/** Beyond so many, names cover the map that they belong to. */
const MAX_LABELS = 60

export interface LabelOptions {
  /** Units of the view per px. */
  readonly unit: number
  /** Of the part of the view that is shown. */
  readonly height: number
  /** The PoP whose place is named in any case. */
  readonly selected: string | null
}

/**
 * Names beside marks, of the worst first, where there is room and no other mark that they could be read with: nearer to their
 * own than to any other, or at the end of a line that crosses nothing. Critical and warning ones are moved away, or counted,
 * never just left out; a critical one is named even where it could be misread, since list and tip have it right.
 */
export function labelsOf (marks: readonly MapMark[], { unit, height, selected }: LabelOptions): MapLabels {
  const crowd = crowdOf(marks.length)
  const taken = new Occupancy(VIEW.width, height, CELL_PX * unit)
  const solid = marks.filter(({ place }) => crowd !== 'many' || isBad(place.condition))
  for (const mark of solid) taken.take(boxAround(mark, mark.size, mark.size))
  const labels: MapLabel[] = []
  const unnamed = { critical: 0, warning: 0 }
  const isSelected = ({ place }: MapMark) => selected !== null && place.codes.includes(selected)
  for (const mark of [...marks.filter(isSelected), ...marks.filter((mark) => !isSelected(mark))]) {
    const { condition } = mark.place
    const text = textOf(mark, crowd, isSelected(mark) ? selected : null)
    if (text === null) continue
    const far = isBad(condition) || isSelected(mark) ? FAR.needed : crowd === 'few' ? FAR.few : FAR.others
    const place = (others: readonly MapMark[] | null) =>
      labels.length < MAX_LABELS ? placed(mark, text, far, unit, taken, others) : null
    const label = place(solid) ?? (condition === 'critical' ? place(null) : null)
    if (label !== null) labels.push(label)
    else if (isBad(condition)) unnamed[condition]++
  }
  return { labels, unnamed }
}

function isBad (condition: Condition): condition is 'critical' | 'warning' {
  return condition === 'critical' || condition === 'warning'
}

/** null: none is wanted. Where there are several PoPs, the name is that of the worst. */
function textOf ({ place: { codes, condition } }: MapMark, crowd: Crowd, selected: string | null): string | null {
  const name = codes.length === 1 ? codes[0] as string : `${selected ?? codes[0]} +${codes.length - 1}`
  if (selected !== null || isBad(condition) || crowd === 'few') return name
  if (crowd === 'many') return null
  if (condition !== 'healthy') return name
  return codes.length === 1 ? null : `×${codes.length}`
}

/** @param others marks with which it must not be read; null: it may be */
function placed (
  mark: MapMark, text: string, far: readonly number[], unit: number, taken: Occupancy, others: readonly MapMark[] | null
): MapLabel | null {
  const { key, condition } = mark.place
  const width = text.length * (isBad(condition) ? BOLD_CHARACTER_PX : CHARACTER_PX) * unit
  const height = LINE_PX * unit
  const near = mark.size / 2 + GAP_PX * unit
  for (const lines of [0, ...far]) {
    for (const [right, down] of sides) {
      const away = near + lines * height
      // A corner is as far away as a side.
      const reach = right !== 0 && down !== 0 ? away * Math.SQRT1_2 : away
      const middle = { x: mark.x + right * (reach + width / 2), y: mark.y + down * (reach + height / 2) }
      const box = boxAround(middle, width, height)
      if (!taken.isFree(box)) continue
      const isNear = (other: MapMark) => other !== mark && distance(other, box) < other.size / 2 + APART_PX * unit
      if (others?.some(isNear)) continue
      const x = middle.x - right * width / 2
      const line = lines === 0 ? [] : piecesOf(mark, { x, y: middle.y }, unit)
      if (others !== null && !line.every((piece) => taken.isFree(piece))) continue
      for (const part of [box, ...line]) taken.take(part)
      const anchor = right === 0 ? 'middle' : right > 0 ? 'start' : 'end'
      return { key, text, condition, x, y: middle.y, anchor, from: lines === 0 ? null : { x: mark.x, y: mark.y } }
    }
  }
  return null
}

/** Of a line from a mark to its name, what lies outside of the mark, in pieces; with some room on both sides. */
function piecesOf (mark: MapMark, name: Point, unit: number): Box[] {
  const cell = CELL_PX * unit
  const [dx, dy] = [name.x - mark.x, name.y - mark.y]
  const length = Math.hypot(dx, dy)
  const start = (mark.size / 2 + 2 * cell) * length / Math.max(Math.abs(dx), Math.abs(dy))
  return Array.from({ length: Math.max(0, Math.ceil((length - start) / cell)) }, (_, index) => {
    const share = (start + index * cell) / length
    return boxAround({ x: mark.x + share * dx, y: mark.y + share * dy }, 2 * cell, 2 * cell)
  })
}

/** From a point to the nearest of a box. */
function distance ({ x, y }: Point, { left, right, top, bottom }: Box): number {
  return Math.hypot(Math.max(left - x, x - right, 0), Math.max(top - y, y - bottom, 0))
}

function boxAround ({ x, y }: Point, width: number, height: number): Box {
  return { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 }
}

/** Of the text of labels, in units of the view. */
export function labelSize (unit: number): number {
  return FONT_PX * unit
}
