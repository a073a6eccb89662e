import type { Address } from './address.ts'

/** What is opened over the page: a step that Back takes back. Everything else only changes what the link says. */
const layers = ['pop', 'kiosk'] as const
export type Layer = typeof layers[number]
/** What was opened on the way to an entry of the history, in this order. What a link had opened is none of it. */
export type Layers = readonly Layer[]

/** What an entry of the history keeps. */
export interface EntryState { readonly layers: Layers }

/** Of whatever an entry keeps. */
export function layersOf (state: unknown): Layers {
  const { layers: kept } = (state ?? {}) as { layers?: unknown }
  if (!Array.isArray(kept)) return []
  return layers.filter((layer) => kept.includes(layer)).sort((one, other) => kept.indexOf(one) - kept.indexOf(other))
}

/** After what somebody did: what was opened is on top, what was closed is gone. */
export function layersAfter (before: Layers, from: Address, to: Address): Layers {
  const opened = layers.filter((layer) => !isOpen(from, layer) && isOpen(to, layer))
  return [...before.filter((layer) => isOpen(to, layer) && !opened.includes(layer)), ...opened]
}

/** How to get from one entry to another: so many entries back, and a new one for each of these. */
export function stepsBetween (from: Layers, to: Layers): { readonly back: number, readonly opened: Layers } {
  const differing = to.findIndex((layer, index) => layer !== from[index])
  const shared = differing === -1 ? to.length : differing
  return { back: Math.max(0, from.length - shared), opened: to.slice(shared) }
}

/**
 * What is looked at after somebody went from one entry to another: what was opened between them is closed, or open again as its
 * entry says. @param entry what the entry's address says
 */
export function addressAt (address: Address, entry: Address, from: Layers, to: Layers): Address {
  const closed = without(address, from.filter((layer) => !to.includes(layer)))
  const opened = to.filter((layer) => !from.includes(layer)).map((layer) => [layer, entry[layer]])
  return { ...closed, ...Object.fromEntries(opened) }
}

export function without (address: Address, closed: Layers): Address {
  return { ...address, ...closed.includes('pop') && { pop: null }, ...closed.includes('kiosk') && { kiosk: false } }
}

function isOpen ({ pop, kiosk }: Address, layer: Layer): boolean {
  return layer === 'pop' ? pop !== null : kiosk
}
