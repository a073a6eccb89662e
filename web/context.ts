import type { ReadonlySignal, Signal } from '@preact/signals'
import type { JSX } from 'preact'
import type { Actions } from './actions.ts'
import type { HeldDetail } from './state/held.ts'
import type { Model } from './state/model.ts'
import type { Span } from './state/spans.ts'

/** What the page is made of. */
export interface AppContext {
  readonly model: Model
  readonly actions: Actions
  readonly spans: ReadonlySignal<readonly Span[]>
  readonly detail: ReadonlySignal<HeldDetail>
  /** `dark` or `light`, as it is shown. */
  readonly theme: ReadonlySignal<string>
  /** Of the charts, which follow each other: a time. */
  readonly cursor: Signal<number | null>
  readonly isPrinting: ReadonlySignal<boolean>
  readonly toast: ReadonlySignal<string | null>
  /** It is read from afar and cannot be scrolled: everything has to fit. */
  readonly isWall: ReadonlySignal<boolean>
  /** Until when nothing is to be heard of a PoP; undefined: nothing is heard anyway. Reads signals. */
  readonly mutedUntil: (pop: string) => number | null | undefined
  readonly dialogs: () => JSX.Element
  readonly announcement: () => JSX.Element
}
