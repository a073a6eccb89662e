import { Component, options, type ComponentType, type JSX } from 'preact'
import { drawAll, drawFrame, isTurnOf } from './state/turns.ts'

/** What comes within a frame is drawn once, and of a page that nobody sees nothing. */
export function drawByFrame (): void {
  options.debounceRendering = (draw) => { requestAnimationFrame(() => drawFrame(draw)) }
}

/** Paper waits for no frame: what is waiting for one is drawn with the next change. */
export function drawAtOnce (): void {
  options.debounceRendering = drawAll
}

/**
 * A part of the page that is drawn when its turn comes: where thousands of PoPs change at once, all of them in one frame would
 * keep the page from answering for several. It reads signals and has no hooks.
 */
export function inTurn (Part: () => JSX.Element): ComponentType {
  return class InTurn extends Component {
    override shouldComponentUpdate (): boolean {
      return isTurnOf(this)
    }

    override render () {
      return Part()
    }
  }
}
