import { computed, effect, signal, type ReadonlySignal } from '@preact/signals'
import { drawAtOnce, drawByFrame } from './drawing.ts'
import { startKiosk } from './kiosk.ts'
import type { Model } from './state/model.ts'

export interface Screen {
  /** As it is shown: `dark` or `light`. */
  readonly theme: ReadonlySignal<string>
  readonly isPrinting: ReadonlySignal<boolean>
  /** In rem. */
  readonly height: ReadonlySignal<number>
}

/** A wall shows what fits, and says how many more there are; elsewhere a list can be scrolled. */
const LIST_LIMIT = 50
const ROW_REM = 3.4
/** What is above and below the list on a wall. */
const AROUND_LIST_REM = 27

export function listLimit (isKiosk: boolean, heightRem: number): number {
  return isKiosk ? Math.max(3, Math.floor((heightRem - AROUND_LIST_REM) / ROW_REM)) : LIST_LIMIT
}

/** Carries the theme and the kiosk to the document, and knows what it is shown on. */
export function watchScreen (model: Model): Screen {
  const root = document.documentElement
  const light = matchMedia('(prefers-color-scheme: light)')
  const prefersLight = signal(light.matches)
  const isPrinting = signal(false)
  const height = signal(heightOf(root))
  light.addEventListener('change', () => { prefersLight.value = light.matches })
  addEventListener('beforeprint', () => {
    drawAtOnce()
    isPrinting.value = true
  })
  addEventListener('afterprint', () => {
    drawByFrame()
    isPrinting.value = false
  })
  addEventListener('resize', () => { height.value = heightOf(root) })

  const theme = computed(() => {
    const wanted = model.address.value.theme
    return wanted === 'auto' ? (prefersLight.value ? 'light' : 'dark') : wanted
  })
  const isKiosk = computed(() => model.address.value.kiosk)
  effect(() => { root.dataset.theme = theme.value })
  effect(() => {
    root.classList.toggle('is-kiosk', isKiosk.value)
    return isKiosk.value ? startKiosk(document) : undefined
  })
  return { theme, isPrinting, height }
}

function heightOf (root: HTMLElement): number {
  return innerHeight / Number.parseFloat(getComputedStyle(root).fontSize)
}
