import { shortClock } from '../format.ts'
import { timeTicks, valueTicks } from '../state/axis.ts'
import type { Picture, Rest } from '../state/picture.ts'

/** As the style sheet has them at the moment. */
export interface Colours {
  readonly line: string
  readonly text: string
  readonly muted: string
  readonly grid: string
  readonly band: string
  readonly hatch: string
  readonly panel: string
  readonly warning: string
  readonly critical: string
  /** Size of the letters, px. */
  readonly fontPx: number
}

/** Where a chart is drawn; everything in pixels of the canvas. */
export interface Surface {
  readonly context: CanvasRenderingContext2D
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  /** Pixels of the canvas in one of CSS. */
  readonly ratio: number
  readonly colours: Colours
  readonly x: (time: number) => number
  readonly y: (value: number) => number
  /** At so many px of CSS from the left; null: beside the plot. */
  readonly timeAt: (offset: number) => number | null
}

const SHADE_ALPHA = 0.16
const BAND_ALPHA = 0.22
const HATCH_PX = 7

const LINE_PX = 2
const POINT_PX = 6
/** Room for numbers and times, in letters. */
const Y_AXIS_EMS = 3.6
const X_AXIS_EMS = 2
const TIME_LABEL_EMS = 7
const VALUE_LABEL_EMS = 2.5
const LABEL_GAP_PX = 6

export interface ChartStyle {
  /** In px of CSS. */
  readonly width: number
  readonly height: number
  readonly ratio: number
  readonly colours: Colours
}

/** The whole chart, over whatever is there. */
export function paintChart (canvas: HTMLCanvasElement, style: ChartStyle, picture: Picture): Surface {
  const [width, height] = [Math.round(style.width * style.ratio), Math.round(style.height * style.ratio)]
  // To set a size clears it, and costs more than to clear it.
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
  const surface = surfaceOf(canvas.getContext('2d')!, style, picture)
  surface.context.clearRect(0, 0, width, height)
  const font = `${surface.colours.fontPx * surface.ratio}px system-ui, sans-serif`
  // To set it, even to what it is, has the whole page laid out first.
  if (surface.context.font !== font) surface.context.font = font
  paintBehind(surface, picture)
  paintAxes(surface, picture)
  paintLine(surface, picture)
  paintBefore(surface, picture)
  return surface
}

function surfaceOf (context: CanvasRenderingContext2D, style: ChartStyle, { from, to, min, max }: Picture): Surface {
  const { ratio, colours } = style
  const em = colours.fontPx * ratio
  const [left, top] = [Math.round(Y_AXIS_EMS * em), Math.round(em / 2)]
  const width = Math.max(0, style.width * ratio - left - TIME_LABEL_EMS / 3 * em)
  const height = Math.max(0, style.height * ratio - top - X_AXIS_EMS * em)
  return {
    context,
    left,
    top,
    width,
    height,
    ratio,
    colours,
    x: (time) => left + (time - from) / (to - from) * width,
    y: (value) => top + (max - value) / (max - min) * height,
    timeAt (offset) {
      const share = (offset * ratio - left) / width
      return share >= 0 && share <= 1 ? from + share * (to - from) : null
    }
  }
}

function paintAxes (surface: Surface, picture: Picture): void {
  const { context, colours, ratio, left, top, width, height, x, y } = surface
  const em = colours.fontPx * ratio
  letters(surface, 'right', 'middle')
  context.fillStyle = colours.muted
  context.strokeStyle = colours.grid
  context.lineWidth = ratio
  for (const { value, words } of valueTicks(picture, height / (VALUE_LABEL_EMS * em))) {
    context.fillText(words, left - LABEL_GAP_PX * ratio, y(value))
    // In the middle of a row of pixels, so that it is one row.
    const row = Math.floor(y(value)) + ratio / 2 % 1
    stroke(context, left, row, left + width, row)
  }
  letters(surface, 'center', 'top')
  for (const time of timeTicks(picture, width / (TIME_LABEL_EMS * em))) {
    context.fillText(shortClock(time), x(time), top + height + LABEL_GAP_PX * ratio)
  }
}

/** From value to value: a null breaks it. What has no neighbour is a point. */
function paintLine (surface: Surface, { from, series: { times, values, alone }, isOld }: Picture): void {
  const { context, colours, ratio, x, y } = surface
  context.save()
  clip(surface)
  context.strokeStyle = isOld ? colours.muted : colours.line
  context.lineWidth = LINE_PX * ratio
  context.lineJoin = 'round'
  context.beginPath()
  values.forEach((value, index) => {
    if (value === null) return
    if ((values[index - 1] ?? null) === null) context.moveTo(x(times[index]!), y(value))
    else context.lineTo(x(times[index]!), y(value))
  })
  context.stroke()
  context.restore()
  // At an edge it is whole.
  context.strokeStyle = isOld ? colours.muted : colours.line
  context.fillStyle = isOld ? colours.panel : colours.line
  context.lineWidth = ratio
  for (const index of alone) {
    if (times[index]! < from) continue
    context.beginPath()
    context.arc(x(times[index]!), y(values[index]!), POINT_PX / 2 * ratio, 0, 2 * Math.PI)
    context.fill()
    context.stroke()
  }
}

/** What lies behind the grid and the line. */
function paintBehind (surface: Surface, picture: Picture): void {
  const { context } = surface
  context.save()
  clip(surface)
  paintBand(surface, picture)
  paintShades(surface, picture)
  if (picture.rest?.kind === 'shaded') paintShaded(surface, picture.rest.from)
  context.restore()
}

/** What lies before the line. */
function paintBefore (surface: Surface, picture: Picture): void {
  const { context } = surface
  context.save()
  clip(surface)
  for (const { value, words } of picture.levels) paintLevel(surface, value, words)
  for (const { time, severity, words } of picture.marks) paintMark(surface, time, surface.colours[severity], words)
  if (picture.rest?.kind === 'dotted') paintDotted(surface, picture)
  if (picture.rest?.kind === 'shaded') paintRestWords(surface, picture.rest)
  if (picture.words !== null) paintWords(surface, picture.words)
  context.restore()
}

function clip ({ context, left, top, width, height }: Surface): void {
  context.beginPath()
  context.rect(left, top, width, height)
  context.clip()
}

function paintBand ({ context, colours, left, width, y }: Surface, { band }: Picture): void {
  if (band === null) return
  context.fillStyle = colours.band
  context.globalAlpha = BAND_ALPHA
  context.fillRect(left, y(band.high), width, y(band.low) - y(band.high))
  context.globalAlpha = 1
}

/** A warning has a broken edge above it, so that it is not told from a critical one by its colour alone. */
function paintShades ({ context, colours, ratio, top, height, x }: Surface, { shades }: Picture): void {
  for (const { from, to, severity } of shades) {
    const width = Math.max(x(to) - x(from), ratio)
    context.fillStyle = context.strokeStyle = colours[severity]
    context.globalAlpha = SHADE_ALPHA
    context.fillRect(x(from), top, width, height)
    context.globalAlpha = 1
    context.lineWidth = (severity === 'critical' ? 6 : 4) * ratio
    context.setLineDash(severity === 'critical' ? [] : [4 * ratio, 4 * ratio])
    stroke(context, x(from), top, x(from) + width, top)
  }
  context.setLineDash([])
}

function paintShaded ({ context, colours, ratio, left, top, width, height, x }: Surface, from: number): void {
  const start = Math.max(left, x(from))
  context.save()
  context.beginPath()
  context.rect(start, top, left + width - start, height)
  context.clip()
  context.strokeStyle = colours.hatch
  context.lineWidth = 3 * ratio
  for (let offset = start - height; offset < left + width; offset += HATCH_PX * ratio) {
    stroke(context, offset, top + height, offset + height, top)
  }
  context.restore()
}

function paintLevel (surface: Surface, value: number, words: string): void {
  const { context, colours, ratio, left, width, top, y } = surface
  context.strokeStyle = colours.muted
  context.lineWidth = ratio
  context.setLineDash([6 * ratio, 4 * ratio])
  stroke(context, left, y(value), left + width, y(value))
  context.setLineDash([])
  const isBelow = y(value) - top < (colours.fontPx + 8) * ratio
  letters(surface, 'left', isBelow ? 'top' : 'bottom')
  say(surface, words, left + 6 * ratio, y(value) + (isBelow ? 4 : -3) * ratio)
}

function paintMark (surface: Surface, time: number, colour: string, words: string): void {
  const { context, ratio, left, width, top, height, x } = surface
  context.strokeStyle = context.fillStyle = colour
  context.lineWidth = 2 * ratio
  stroke(context, x(time), top, x(time), top + height)
  const size = 6 * ratio
  context.beginPath()
  context.moveTo(x(time) - size, top)
  context.lineTo(x(time) + size, top)
  context.lineTo(x(time), top + 1.6 * size)
  context.fill()
  const isRight = x(time) < left + width / 2
  letters(surface, isRight ? 'left' : 'right', 'top')
  say(surface, words, x(time) + (isRight ? 1 : -1) * 1.5 * size, top + 4 * ratio)
}

/** On from the last value: it is not known that it still is. */
function paintDotted ({ context, colours, ratio, left, width, x, y }: Surface, { rest, series }: Picture): void {
  if (rest === null || series.last === null) return
  context.strokeStyle = colours.muted
  context.lineWidth = 2 * ratio
  context.setLineDash([2 * ratio, 5 * ratio])
  stroke(context, x(rest.from), y(series.last.value), left + width, y(series.last.value))
  context.setLineDash([])
}

/** In what is shaded, where there is room. Over data it would say that there is none; the heading says of when the chart is. */
function paintRestWords (surface: Surface, { words, from }: Rest): void {
  const { context, ratio, left, width, top, height, x } = surface
  letters(surface, 'left', 'middle')
  const start = Math.max(left, x(from)) + 8 * ratio
  if (start + context.measureText(words).width < left + width - 4 * ratio) say(surface, words, start, top + height / 2)
}

function paintWords (surface: Surface, words: string): void {
  const { left, width, top, height } = surface
  letters(surface, 'center', 'middle')
  say(surface, words, left + width / 2, top + height / 2)
}

function letters ({ context }: Surface, align: CanvasTextAlign, baseline: CanvasTextBaseline): void {
  context.textAlign = align
  context.textBaseline = baseline
}

/** With a rim, so that it can be read upon a line. */
function say ({ context, colours, ratio }: Surface, words: string, x: number, y: number): void {
  context.lineWidth = 4 * ratio
  context.lineJoin = 'round'
  context.strokeStyle = colours.panel
  context.strokeText(words, x, y)
  context.fillStyle = colours.text
  context.fillText(words, x, y)
}

function stroke (context: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  context.beginPath()
  context.moveTo(x0, y0)
  context.lineTo(x1, y1)
  context.stroke()
}
