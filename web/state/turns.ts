/** What can be asked to be drawn again: a component. */
export interface Part { setState (state: object): void }

/** Of the 16 ms that a frame has, the larger share is for style, layout and paint of what scripts have changed. */
export const BUDGET_MS = 3

const drawn = new Set<Part>()
const waiting = new Set<Part>()
let endsAt = Infinity

/**
 * Whether this frame draws it: the first that asks, and more while there is time. What a part finds wrong once it is drawn is put
 * right before anybody sees it: it may draw again.
 */
export function isTurnOf (part: Part): boolean {
  const isTurn = drawn.size === 0 || drawn.has(part) || performance.now() < endsAt
  const parts = isTurn ? drawn : waiting
  parts.add(part)
  return isTurn
}

/** All of it, whatever it takes. */
export function drawAll (draw: () => void): void {
  endsAt = Infinity
  draw()
}

/** @param draw asks for each part that has changed whether it is its turn; the others come first in the next frame */
export function drawFrame (draw: () => void): void {
  drawn.clear()
  endsAt = performance.now() + BUDGET_MS
  try {
    draw()
  } finally {
    const parts = [...waiting]
    waiting.clear()
    for (const part of parts) part.setState({})
  }
}
