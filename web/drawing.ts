import { options } from 'preact'

/** What comes within a frame is drawn once, and of a page that nobody sees nothing. */
export function drawByFrame (): void {
  options.debounceRendering = (draw) => { requestAnimationFrame(draw) }
}

/** Paper waits for no frame: what is waiting for one is drawn with the next change. */
export function drawAtOnce (): void {
  options.debounceRendering = (draw) => draw()
}
