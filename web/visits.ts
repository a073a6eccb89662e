import { hrefOf, parseAddress, type Address } from './state/address.ts'
import { addressAt, layersAfter, layersOf, stepsBetween, without, type EntryState, type Layers } from './state/layers.ts'
import type { Model } from './state/model.ts'

/**
 * Keeps the browser's history and what is looked at together, both ways: Back closes what was opened, and who closes it
 * otherwise goes back too, so that no entry is left which Back would only seem to do nothing in.
 * @returns goes to another address
 */
export function keepVisits (model: Model): (address: Address) => void {
  /** Of the entry that the browser is at, and of the one where it should be. */
  let there = layersOf(history.state)
  let wanted = there
  /** Going back takes a while; what is wanted may be another entry by then. */
  let isGoing = false
  // Who closes what was opened stays where they have scrolled to since.
  history.scrollRestoration = 'manual'

  function settle (): void {
    if (isGoing) return
    const { back, opened } = stepsBetween(there, wanted)
    if (back > 0) {
      isGoing = true
      history.go(-back)
      return
    }
    try {
      write('replaceState', there, opened)
      opened.forEach((layer, index) => write('pushState', [...there, layer], opened.slice(index + 1)))
    } catch {
      // Safari takes no more than 100 in 30 s, which somebody who writes a filter may reach; the next one says it all.
    }
  }

  /** @param later what is opened only in entries behind this one */
  function write (how: 'pushState' | 'replaceState', layers: Layers, later: Layers): void {
    const state: EntryState = { layers }
    history[how](state, '', hrefOf(without(model.address.value, later), location.href))
    there = layers
  }

  addEventListener('popstate', ({ state }) => {
    const from = there
    there = layersOf(state)
    if (isGoing) {
      isGoing = false
    } else {
      wanted = there
      model.address.value = addressAt(model.address.value, parseAddress(location.search), from, there)
    }
    settle()
  })

  return (address) => {
    wanted = layersAfter(wanted, model.address.value, address)
    model.address.value = address
    settle()
  }
}
