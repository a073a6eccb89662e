import { clock } from '../format.ts'
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
  x (time: number): number
  y (value: number): number
}

const SHADE_ALPHA = 0.16
const BAND_ALPHA = 0.22
const HATCH_PX = 7

/** What lies behind the grid and the line. */
export function paintBehind (surface: Surface, picture: Picture): void {
  const { context } = surface
  context.save()
  clip(surface)
  paintBand(surface, picture)
  paintShades(surface, picture)
  if (picture.rest?.kind === 'shaded') paintShaded(surface, picture.rest.from)
  context.restore()
}

/** What lies before the line. */
export function paintBefore (surface: Surface, picture: Picture): void {
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

/** In what is shaded where there is room, else before it. */
function paintRestWords (surface: Surface, { words, from }: Rest): void {
  const { context, ratio, left, width, top, height, x } = surface
  letters(surface, 'left', 'middle')
  const start = Math.max(left, x(from)) + 8 * ratio
  const told = `${words} since ${clock(from)}`
  const fits = start + context.measureText(told).width < left + width - 4 * ratio
  if (!fits) context.textAlign = 'right'
  say(surface, told, fits ? start : left + width - 8 * ratio, top + height / 2)
}

function paintWords (surface: Surface, words: string): void {
  const { left, width, top, height } = surface
  letters(surface, 'center', 'middle')
  say(surface, words, left + width / 2, top + height / 2)
}

function letters ({ context, colours, ratio }: Surface, align: CanvasTextAlign, baseline: CanvasTextBaseline): void {
  context.font = fontOf(colours.fontPx * ratio)
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

export function fontOf (px: number): string {
  return `${px}px system-ui, sans-serif`
}
