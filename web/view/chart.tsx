import type { Signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import Uplot from 'uplot'
import type uPlot from 'uplot'
import { shortClock } from '../format.ts'
import { timeTicks } from '../state/axis.ts'
import { wordsOf } from '../state/chart-words.ts'
import type { Picture } from '../state/picture.ts'
import { fontOf, paintBefore, paintBehind, type Colours, type Surface } from './paint.ts'
import { coloursOf, watchStyle } from './chart-style.ts'

export interface ChartProps {
  picture: Picture
  /** What it is of. */
  name: string
  simulated?: boolean
  theme: string
  /** A time that charts show together. */
  cursor?: Signal<number | null>
}

const LINE_PX = 2
const POINT_PX = 6
/** Room for numbers and times, in letters. */
const Y_AXIS_EMS = 3.6
const X_AXIS_EMS = 2
const TIME_LABEL_EMS = 7

/** Lines over time. This file alone knows what draws them. */
export function Chart ({ picture, name, simulated = false, theme, cursor }: ChartProps): JSX.Element {
  const element = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const shown = useRef(picture)
  const [style, setStyle] = useState(0)
  shown.current = picture

  useEffect(() => watchStyle(() => setStyle((count) => count + 1)), [])
  useEffect(() => {
    const onStyle = () => setStyle((count) => count + 1)
    const made = element.current === null ? null : createPlot(element.current, { shown, cursor, onStyle })
    plot.current = made?.plot ?? null
    return () => {
      plot.current = null
      made?.destroy()
    }
  }, [theme, style, cursor])
  useLayoutEffect(() => plot.current?.setData(columnsOf(picture)), [picture])

  const words = useMemo(() => wordsOf(picture, name, simulated), [picture, name, simulated])
  return (
    <div class='chart-frame'>
      <div class='chart-plot' role='img' aria-label={words} ref={element} />
      {simulated && <p class='chart-simulated' aria-hidden='true'>SIMULATED</p>}
    </div>
  )
}

interface Made {
  readonly plot: uPlot
  destroy (): void
}

interface Making {
  readonly shown: { readonly current: Picture }
  readonly cursor: Signal<number | null> | undefined
  /** Letters have become larger or smaller. */
  readonly onStyle: () => void
}

function createPlot (element: HTMLElement, { shown, cursor, onStyle }: Making): Made {
  const colours = coloursOf(element)
  const size = () => ({ width: element.clientWidth, height: element.clientHeight })
  const options = optionsOf({ ...size(), colours, shown, onDrawn: () => showCursor(plot, cursor) })
  const plot: uPlot = new Uplot(options, columnsOf(shown.current), element)
  const observer = new ResizeObserver(() => {
    const { width, height } = size()
    // While it is hidden it has none.
    if (width === 0 || height === 0) return
    if (coloursOf(element).fontPx !== colours.fontPx) onStyle()
    else if (width !== plot.width || height !== plot.height) plot.setSize({ width, height })
  })
  observer.observe(element)
  const endCursor = cursor === undefined ? () => {} : tieCursor(plot, cursor)
  const destroy = () => {
    endCursor()
    observer.disconnect()
    plot.destroy()
  }
  return { plot, destroy }
}

/** The pointer over this one moves the cursor of all. */
function tieCursor (plot: uPlot, cursor: Signal<number | null>): () => void {
  plot.over.addEventListener('pointermove', ({ offsetX }) => { cursor.value = plot.posToVal(offsetX, 'x') })
  plot.over.addEventListener('pointerleave', () => { cursor.value = null })
  return cursor.subscribe(() => showCursor(plot, cursor))
}

function showCursor (plot: uPlot, cursor: Signal<number | null> | undefined): void {
  if (cursor === undefined) return
  const left = cursor.value === null ? -10 : plot.valToPos(cursor.value, 'x')
  // Before it is drawn it has no scale.
  if (Number.isFinite(left)) plot.setCursor({ left, top: 0 }, false)
}

interface PlotOptions {
  width: number
  height: number
  colours: Colours
  /** Is read at each drawing. */
  shown: { readonly current: Picture }
  onDrawn: () => void
}

function optionsOf ({ width, height, colours, shown, onDrawn }: PlotOptions): uPlot.Options {
  const { fontPx } = colours
  const axis = { stroke: colours.muted, font: fontOf(fontPx), ticks: { show: false }, gap: 4 }
  const grid = { stroke: colours.grid, width: 1 }
  return {
    width,
    height,
    ms: 1,
    legend: { show: false },
    padding: [fontPx / 2, TIME_LABEL_EMS / 3 * fontPx, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: POINT_PX + LINE_PX } },
    scales: {
      x: { time: false, range: () => [shown.current.from, shown.current.to] },
      y: { range: () => [shown.current.min, shown.current.max] }
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: X_AXIS_EMS * fontPx,
        splits: (plot) => timeTicks(shown.current, plot.bbox.width / Uplot.pxRatio / (TIME_LABEL_EMS * fontPx)),
        values: (_, times) => times.map((time) => shortClock(time))
      },
      { ...axis, grid, size: Y_AXIS_EMS * fontPx, space: 2.5 * fontPx }
    ],
    series: [
      {},
      {
        width: LINE_PX,
        stroke: () => shown.current.isOld ? colours.muted : colours.line,
        points: {
          show: true,
          size: POINT_PX,
          fill: () => shown.current.isOld ? colours.panel : colours.line,
          filter: () => [...shown.current.series.alone]
        }
      }
    ],
    hooks: {
      drawClear: [(plot) => paintBehind(surfaceOf(plot, colours), shown.current)],
      draw: [(plot) => paintBefore(surfaceOf(plot, colours), shown.current), onDrawn]
    }
  }
}

/** Without a value in it a chart has no scale: its edges are always there. */
function columnsOf ({ from, to, series: { times, values } }: Picture): uPlot.AlignedData {
  if (times.length > 0) return [[...times], [...values]]
  return [[from, to], [null, null]]
}

function surfaceOf (plot: uPlot, colours: Colours): Surface {
  const { left, top, width, height } = plot.bbox
  return {
    context: plot.ctx,
    left,
    top,
    width,
    height,
    ratio: Uplot.pxRatio,
    colours,
    x: (time) => plot.valToPos(time, 'x', true),
    y: (value) => plot.valToPos(value, 'y', true)
  }
}
