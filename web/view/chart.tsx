import type { Signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { wordsOf } from '../state/chart-words.ts'
import type { Picture } from '../state/picture.ts'
import { nearestValue } from '../state/series.ts'
import { coloursOf, watchStyle } from './chart-style.ts'
import { paintChart, type Surface } from './paint.ts'

export interface ChartProps {
  picture: Picture
  /** What it is of. */
  name: string
  simulated?: boolean
  theme: string
  /** A time that charts show together. */
  cursor?: Signal<number | null>
}

/** Lines over time. */
export function Chart ({ picture, name, simulated = false, theme, cursor }: ChartProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null)
  const surface = useRef<Surface | null>(null)
  const style = useStyle(canvas, theme)
  useLayoutEffect(() => {
    // While it is hidden it has no size.
    surface.current = style === null || canvas.current === null ? null : paintChart(canvas.current, style, picture)
  }, [picture, style])

  const words = useMemo(() => wordsOf(picture, name, simulated), [picture, name, simulated])
  return (
    <div class='chart-frame'>
      <div
        class='chart-plot' role='img' aria-label={words}
        onPointerMove={({ offsetX }) => { if (cursor !== undefined) cursor.value = surface.current?.timeAt(offsetX) ?? null }}
        onPointerLeave={() => { if (cursor !== undefined) cursor.value = null }}
      >
        <canvas ref={canvas} />
        {cursor !== undefined && style !== null && <Cursor cursor={cursor} surface={surface} picture={picture} />}
      </div>
      {simulated && <p class='chart-simulated' aria-hidden='true'>SIMULATED</p>}
    </div>
  )
}

type Style = Parameters<typeof paintChart>[1]

/** Size, colours and letters, whenever one of them becomes another. null: it is not on the screen. */
function useStyle (canvas: { readonly current: HTMLCanvasElement | null }, theme: string): Style | null {
  const [style, setStyle] = useState<Style | null>(null)
  useEffect(() => {
    const element = canvas.current!
    const read = () => {
      const { clientWidth: width, clientHeight: height } = element
      setStyle(width === 0 || height === 0 ? null : { width, height, ratio: devicePixelRatio, colours: coloursOf(element) })
    }
    const observer = new ResizeObserver(read)
    observer.observe(element)
    const end = watchStyle(read)
    return () => {
      observer.disconnect()
      end()
    }
  }, [theme])
  return style
}

interface CursorProps {
  readonly cursor: Signal<number | null>
  readonly surface: { readonly current: Surface | null }
  readonly picture: Picture
}

/** Where the pointer is, in this chart or another, and the value there. For it nothing is painted again. */
function Cursor ({ cursor, surface, picture: { from, to, series } }: CursorProps): JSX.Element | null {
  const line = useRef<HTMLElement>(null)
  const point = useRef<HTMLElement>(null)
  const time = cursor.value
  const isShown = time !== null && time >= from && time <= to
  const near = isShown ? nearestValue(series, time) : null
  // After the chart is painted, which is in an effect of what this is in.
  useEffect(() => {
    if (surface.current === null || !isShown) return
    const { x, y, ratio } = surface.current
    line.current!.style.translate = `${x(time) / ratio}px`
    if (near !== null) point.current!.style.translate = `${x(near.time) / ratio}px ${y(near.value) / ratio}px`
  })
  return <>{isShown && <i class='chart-cursor' ref={line} />}{near !== null && <i class='chart-point' ref={point} />}</>
}
