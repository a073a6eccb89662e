import { Component, options, type ComponentType, type JSX } from 'preact'

/**
 * What scripts may take of a frame before the next part has to wait for the next one: of 16 ms, the larger share is for style,
 * layout and paint of what they have changed.
 */
const FRAME_BUDGET_MS = 3

/** Parts whose turn comes with the next frame. */
const waiting = new Set<Component>()
let isInTurns = false
let turnsEndAt = 0
let isFirst = true

/** What comes within a frame is drawn once, and of a page that nobody sees nothing. */
export function drawByFrame (): void {
  isInTurns = true
  options.debounceRendering = (draw) => { requestAnimationFrame(() => drawFrame(draw)) }
}

/** Paper waits for no frame: what is waiting for one is drawn with the next change. */
export function drawAtOnce (): void {
  isInTurns = false
  options.debounceRendering = (draw) => draw()
}

/**
 * A part of the page that is drawn when its turn comes: where thousands of PoPs change at once, all of them in one frame would
 * keep the page from answering for several. It reads signals and has no hooks.
 */
export function inTurn (Part: () => JSX.Element): ComponentType {
  return class InTurn extends Component {
    override shouldComponentUpdate (): boolean {
      if (!isInTurns || isFirst || performance.now() < turnsEndAt) {
        isFirst = false
        return true
      }
      waiting.add(this)
      return false
    }

    override render () {
      return Part()
    }
  }
}

function drawFrame (draw: () => void): void {
  isFirst = true
  turnsEndAt = performance.now() + FRAME_BUDGET_MS
  draw()
  const parts = [...waiting]
  waiting.clear()
  // Those that have waited come before what changes until then.
  for (const part of parts) part.setState({})
}
