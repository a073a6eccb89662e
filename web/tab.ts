import { computed, effect } from '@preact/signals'
import { faviconOf, iconShapeOf } from './favicon.ts'
import { conditionOf } from './state/condition.ts'
import type { Model } from './state/model.ts'
import { titleOf } from './state/title.ts'

/** Title and icon of the tab, which are seen when the page is not: they tell of the feed, also while the picture stands still. */
export function watchTab (model: Model): void {
  const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]') as HTMLLinkElement
  const { snapshot, headline, look } = model.latest
  const alerts = computed(() => snapshot.value.alerts)
  const severities = computed(() => Array.from(alerts.value.values(), ({ severity }) => severity))
  const count = (severity: string) => severities.value.filter((other) => other === severity).length
  const title = computed(() => titleOf(headline.value, count('critical'), count('warning')))
  const pops = computed(() => snapshot.value.pops)
  // By what depends on the data alone: a second that passes looks through no PoPs.
  const present = computed(() => new Set([...Array.from(pops.value.values(), conditionOf), ...severities.value]))
  const kind = computed(() => headline.value.kind)
  const shape = computed(() => iconShapeOf(kind.value, look.value === 'old', present.value))
  effect(() => { document.title = title.value })
  effect(() => { icon.href = faviconOf(shape.value) })
}
