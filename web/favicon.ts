import { conditions, type Condition } from './state/condition.ts'
import type { HeadlineKind } from './state/headline.ts'
import { shapes } from './state/shapes.ts'

/** What a tab's icon says: the worst that is known, or that it may not be believed. */
export type IconShape = Condition | 'dead' | 'waiting'

/** The colours of the dark theme, on their own ground. */
const colours: Record<Condition, string> = {
  healthy: '#608fd5', slow: '#f9f788', warning: '#ff974c', critical: '#fe4484', silent: '#bcc3c8', unknown: '#bcc3c8'
}

const others: Record<'dead' | 'waiting', string> = {
  // A square that is crossed out with lines of one direction, as what is old is hatched on the page.
  dead: '<path d="M-1-1h2v2h-2zM-1 0 0-1M-1 1 1-1M0 1 1 0" fill="none" stroke="#fff" stroke-width=".26"/>',
  waiting: '<g fill="#bcc3c8"><circle cx="-.75" r=".25"/><circle r=".25"/><circle cx=".75" r=".25"/></g>'
}

const dead: ReadonlySet<HeadlineKind> = new Set(['failed', 'offline', 'reconnecting', 'stale'])
const waiting: ReadonlySet<HeadlineKind> = new Set(['waiting', 'connecting', 'empty'])

/** @param isOld whether the data is, which a source that fails does not make it at once */
export function iconShapeOf (kind: HeadlineKind, isOld: boolean, present: ReadonlySet<Condition>): IconShape {
  if (dead.has(kind) || isOld) return 'dead'
  if (waiting.has(kind)) return 'waiting'
  return conditions.find((condition) => present.has(condition)) ?? 'waiting'
}

/** For the `href` of a `<link rel="icon">`: a policy that allows `data:` for images allows it. */
export function faviconOf (shape: IconShape): string {
  const ground = '<rect x="-1.5" y="-1.5" width="3" height="3" rx=".5" fill="#0b1016"/>'
  const picture = shape === 'dead' || shape === 'waiting' ? others[shape] : markOf(shape)
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1.5 -1.5 3 3">${ground}${picture}</svg>`
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}

function markOf (condition: Condition): string {
  const { body, sign, ring } = shapes[condition]
  const colour = colours[condition]
  const dots = condition === 'unknown' ? ' stroke-dasharray=".42 .366"' : ''
  return [
    body === undefined ? '' : `<path d="M0 0${body(1)}" fill="${colour}"/>`,
    sign === undefined ? '' : `<path d="M0 0${sign(1)}" fill="none" stroke="#0b1016" stroke-width=".28"/>`,
    ring === undefined ? '' : `<path d="M0 0${ring(1)}" fill="none" stroke="${colour}" stroke-width=".36"${dots}/>`
  ].join('')
}
