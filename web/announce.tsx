import { effect, signal, untracked } from '@preact/signals'
import type { JSX } from 'preact'
import { announced, unsaid } from './state/announcer.ts'
import type { Model } from './state/model.ts'

/**
 * What a screen reader is told without asking, of the feed as it is. It is there from the start and never goes: what is in a
 * region that appears together with its words is not read.
 */
export function createAnnouncement ({ latest }: Model): () => JSX.Element {
  const said = signal(unsaid)
  effect(() => {
    const [headline, { alerts }, at] = [latest.headline.value, latest.snapshot.value, latest.now.value]
    said.value = announced(untracked(() => said.value), { headline, alerts }, at)
  })
  return () => (
    <p class='visually-hidden' aria-live='polite'>
      {said.value.text !== '' && <span key={said.value.count}>{said.value.text}</span>}
    </p>
  )
}
