import type { Colours } from './paint.ts'

/** What colours depend on besides the theme that somebody chose. */
const MEDIA = ['print', '(prefers-color-scheme: dark)', '(prefers-contrast: more)', '(forced-colors: active)']
/** Of the letters of the page. */
const FONT_SHARE = 0.75

/** A canvas knows nothing of custom properties: they are read when it is made. */
export function coloursOf (element: Element): Colours {
  const style = getComputedStyle(element)
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim()
  return {
    line: colour('chart'),
    text: colour('text'),
    muted: colour('muted'),
    grid: colour('line'),
    band: colour('healthy'),
    hatch: colour('hatch'),
    panel: colour('panel'),
    warning: colour('warning'),
    critical: colour('critical'),
    fontPx: Math.round(FONT_SHARE * parseFloat(getComputedStyle(document.documentElement).fontSize))
  }
}

/** Tells when colours or letters may have become others. @returns ends it */
export function watchStyle (onChange: () => void): () => void {
  const queries = [...MEDIA, `(resolution: ${devicePixelRatio}dppx)`].map((media) => matchMedia(media))
  for (const query of queries) query.addEventListener('change', onChange)
  const observer = new MutationObserver(onChange)
  observer.observe(document.documentElement, { attributeFilter: ['data-theme', 'class'] })
  return () => {
    for (const query of queries) query.removeEventListener('change', onChange)
    observer.disconnect()
  }
}
