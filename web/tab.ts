import { computed, effect } from '@preact/signals'
import { faviconOf, iconShapeOf } from './favicon.ts'
import { conditionOf } from './state/condition.ts'
import type { Model } from './state/model.ts'
import { titleOf } from './state/title.ts'

/** Title and icon of the tab, which are seen when the page is not: they tell of the feed, also while the picture stands still. */
export function watchTab (model: Model): void {
  const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]') as HTMLLinkElement
  const { snapshot, headline, look } = model.latest
  const severities = computed(() => Array.from(snapshot.value.alerts.values(), ({ severity }) => severity))
  const count = (severity: string) => severities.value.filter((other) => other === severity).length
  const title = computed(() => titleOf(headline.value, count('critical'), count('warning')))
  const shape = computed(() => {
    const conditions = Array.from(snapshot.value.pops.values(), conditionOf)
    return iconShapeOf(headline.value.kind, look.value === 'old', [...conditions, ...severities.value])
  })
  effect(() => { document.title = title.value })
  effect(() => { icon.href = faviconOf(shape.value) })
}
