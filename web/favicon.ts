import { conditions, type Condition } from './state/condition.ts'
import type { HeadlineKind } from './state/headline.ts'

/** What a tab's icon says: the worst that is known, or that it may not be believed. */
export type IconShape = Condition | 'dead' | 'waiting'

/** Around 0,0 and as large as 2; the same shapes as on the page, with the colours of its dark theme on their own ground. */
const shapes: Record<IconShape, string> = {
  healthy: '<circle r=".8" fill="#608fd5"/>',
  slow: '<path d="M0-1 1 .8H-1z" fill="#f9f788"/>',
  warning: '<path d="M0-1.1 1.1 0 0 1.1-1.1 0z" fill="#ff974c"/>' + sign('M0-.5v.5M0 .4v.12'),
  critical: '<path d="M-.95-.95h1.9v1.9h-1.9z" fill="#fe4484"/>' + sign('M-.5-.5.5.5M.5-.5-.5.5'),
  silent: ring('<circle r=".75"/><path d="M-.75 0h1.5"/>'),
  unknown: ring('<circle r=".75" stroke-dasharray=".42 .366"/>'),
  // A square that is crossed out with lines of one direction, as what is old is hatched on the page.
  dead: '<path d="M-1-1h2v2h-2zM-1 0 0-1M-1 1 1-1M0 1 1 0" fill="none" stroke="#fff" stroke-width=".26"/>',
  waiting: '<g fill="#bcc3c8"><circle cx="-.75" r=".25"/><circle r=".25"/><circle cx=".75" r=".25"/></g>'
}

const dead: ReadonlySet<HeadlineKind> = new Set(['failed', 'offline', 'reconnecting', 'stale'])
const waiting: ReadonlySet<HeadlineKind> = new Set(['waiting', 'connecting', 'empty'])

/** @param isOld whether the data is, which a source that fails does not make it at once */
export function iconShapeOf (kind: HeadlineKind, isOld: boolean, present: Iterable<Condition>): IconShape {
  if (dead.has(kind) || isOld) return 'dead'
  const found = new Set(present)
  if (waiting.has(kind) || found.size === 0) return 'waiting'
  return conditions.find((condition) => found.has(condition)) ?? 'waiting'
}

/** For the `href` of a `<link rel="icon">`: a policy that allows `data:` for images allows it. */
export function faviconOf (shape: IconShape): string {
  const ground = '<rect x="-1.5" y="-1.5" width="3" height="3" rx=".5" fill="#0b1016"/>'
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1.5 -1.5 3 3">${ground}${shapes[shape]}</svg>`
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}

function sign (path: string): string {
  return `<path d="${path}" fill="none" stroke="#0b1016" stroke-width=".28"/>`
}

function ring (inner: string): string {
  return `<g fill="none" stroke="#bcc3c8" stroke-width=".36">${inner}</g>`
}
