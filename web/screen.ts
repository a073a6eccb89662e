import { computed, effect, signal, type ReadonlySignal } from '@preact/signals'
import { drawAtOnce, drawByFrame } from './drawing.ts'
import { startKiosk } from './kiosk.ts'
import type { Model } from './state/model.ts'

export interface Screen {
  /** As it is shown: `dark` or `light`. */
  readonly theme: ReadonlySignal<string>
  readonly isPrinting: ReadonlySignal<boolean>
  /** It is read from afar and cannot be scrolled: everything has to fit. */
  readonly isWall: ReadonlySignal<boolean>
}

/** Narrower ones are scrolled, as is all that is touched. */
const WALL = '(min-width: 1280px)'

/** Carries the theme and the kiosk to the document, and knows what it is shown on. */
export function watchScreen (model: Model): Screen {
  const root = document.documentElement
  const prefersLight = watchMedia('(prefers-color-scheme: light)')
  const isWide = watchMedia(WALL)
  const isPrinting = signal(false)
  addEventListener('beforeprint', () => {
    drawAtOnce()
    isPrinting.value = true
  })
  addEventListener('afterprint', () => {
    drawByFrame()
    isPrinting.value = false
  })

  const theme = computed(() => {
    const wanted = model.address.value.theme
    return wanted === 'auto' ? (prefersLight.value ? 'light' : 'dark') : wanted
  })
  const isKiosk = computed(() => model.address.value.kiosk)
  const isWall = computed(() => isKiosk.value && isWide.value)
  effect(() => { root.dataset.theme = theme.value })
  effect(() => { root.classList.toggle('is-wall', isWall.value) })
  effect(() => {
    root.classList.toggle('is-kiosk', isKiosk.value)
    return isKiosk.value ? startKiosk(document) : undefined
  })
  return { theme, isPrinting, isWall }
}

function watchMedia (query: string): ReadonlySignal<boolean> {
  const media = matchMedia(query)
  const matches = signal(media.matches)
  media.addEventListener('change', () => { matches.value = media.matches })
  return matches
}
