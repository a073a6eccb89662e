import { effect, signal, type ReadonlySignal } from '@preact/signals'
import type { DetailState } from './detail.ts'

/** What is shown of something that goes on: while the picture stands still, as it was when it was stopped. */
export function held<Value> (source: ReadonlySignal<Value>, pause: ReadonlySignal<unknown>): ReadonlySignal<Value> {
  const shown = signal(source.peek())
  effect(() => { if (pause.value === null) shown.value = source.value })
  return shown
}

export interface HeldDetail extends DetailState {
  /** It was answered after the picture was stopped. */
  readonly isLater: boolean
}

/**
 * The same of the PoP that is looked at closely. Which one it is can be changed meanwhile, and of another one nothing is held:
 * what is answered about it is shown, once.
 */
export function heldDetail (source: ReadonlySignal<DetailState>, pause: ReadonlySignal<unknown>): ReadonlySignal<HeldDetail> {
  const shown = signal<HeldDetail>({ ...source.peek(), isLater: false })
  effect(() => {
    const { code, phase } = shown.peek()
    const isPaused = pause.value !== null
    if (isPaused && source.value.code === code && phase.name === 'known') return
    shown.value = { ...source.value, isLater: isPaused && source.value.phase.name === 'known' }
  })
  return shown
}
