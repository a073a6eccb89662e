import { options } from 'preact'

/** An update comes as several messages, one after the other: drawn together they cost once what each of them would. */
const TOGETHER_MS = 50
/** What a person does is seen with the next frame. */
const acts = ['pointerdown', 'pointermove', 'pointerup', 'click', 'keydown', 'input', 'scroll', 'popstate'] as const

let waiting: { readonly draw: () => void, readonly timer: ReturnType<typeof setTimeout> } | null = null

/** What comes together is drawn once, and of a page that nobody sees nothing. */
export function drawByFrame (): void {
  options.debounceRendering = (draw) => { waiting = { draw, timer: setTimeout(drawNext, TOGETHER_MS) } }
  for (const act of acts) addEventListener(act, drawNext, { capture: true, passive: true })
}

/** Paper waits for no frame: what is waiting for one is drawn with the next change. */
export function drawAtOnce (): void {
  options.debounceRendering = (draw) => draw()
}

/** By then whoever else hears of what was done has done what follows of it. */
function drawNext (): void {
  requestAnimationFrame(() => {
    if (waiting === null) return
    clearTimeout(waiting.timer)
    const { draw } = waiting
    waiting = null
    draw()
  })
}
