import type { Condition } from './condition.ts'

/** A path from the middle of a mark, in steps that are so many times as long as those of one that is as large as 2. */
export type Steps = (factor: number) => string

export interface Shape {
  /** What is filled. */
  readonly body?: Steps
  /** What is drawn upon it. */
  readonly sign?: Steps
  /** What is drawn instead of a body. */
  readonly ring?: Steps
}

/** A shape for each, so that no state is told by its colour alone. */
export const shapes: Record<Condition, Shape> = {
  healthy: { body: circle(0.8) },
  slow: { body: lines('m0-1 1 1.8h-2z') },
  warning: { body: lines('m0-1.1 1.1 1.1-1.1 1.1-1.1-1.1z'), sign: lines('m0-.5v.5m0 .4v.12') },
  critical: { body: lines('m-.95-.95h1.9v1.9h-1.9z'), sign: lines('m-.45-.45.9.9m0-.9-.9.9') },
  silent: { ring: (factor) => circle(0.75)(factor) + lines('m-.75.75h1.5')(factor) },
  unknown: { ring: circle(0.75) }
}

function lines (steps: string): Steps {
  return (factor) => steps.replaceAll(/-?\d*\.?\d+/g, (length) => {
    const number = round(Number(length) * factor)
    return number < 0 ? `${number}` : ` ${number}`
  })
}

/** From the top around, but for what nobody sees: an arc that ends where it begins is none. */
function circle (radius: number): Steps {
  return (factor) => {
    const r = round(radius * factor)
    return `m0-${r}a${r} ${r} 0 1 1-.01 0z`
  }
}

function round (value: number): number {
  return Math.round(value * 100) / 100
}
