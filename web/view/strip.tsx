import type { JSX } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { clock } from '../format.ts'
import type { Headline } from '../state/headline.ts'

export interface StripProps {
  headline: Headline
  /** How far it is to the next update, 0 to 1; null: none is expected. */
  progress: number | null
  source: string | null
  pops: number | null
  now: number
  /** The picture stands still by somebody's wish; the headline says since when. */
  isPaused: boolean
  children?: JSX.Element | null
  onTryNow: () => void
  onSignIn: () => void
  onResume: () => void
}

const RADIUS = 9
const ROUND = 2 * Math.PI * RADIUS

/** What is said before anything else: whether the screen can be believed, and how old it is. */
export function Strip (props: StripProps): JSX.Element {
  const { headline, progress, source, pops, now, isPaused, children, onTryNow, onSignIn, onResume } = props
  const { kind, action } = headline
  const strip = useRef<HTMLElement>(null)
  useLayoutEffect(() => tellHeight(strip.current as HTMLElement), [])
  return (
    <header ref={strip} class='strip' data-kind={kind} data-paused={isPaused}>
      <Ring progress={progress} isHollow={kind !== 'live' && kind !== 'empty'} />
      <h1 class='headline'><HeadlineWords {...headline} /></h1>
      {action === 'try-now' && <button type='button' class='button' onClick={onTryNow}>Try now</button>}
      {action === 'sign-in' && <button type='button' class='button' onClick={onSignIn}>Give a token</button>}
      {action === 'reload' && <button type='button' class='button' onClick={() => location.reload()}>Reload</button>}
      {isPaused && <button type='button' class='button' onClick={onResume}>Go on</button>}
      {children}
      <p class='facts'>
        {source !== null && <span>{source === 'demo' ? 'SIMULATED' : source}</span>}
        {pops !== null && <span>{pops === 1 ? '1 PoP' : `${pops} PoPs`}</span>}
        <time class='clock'>{clock(now)}</time>
      </p>
    </header>
  )
}

/** One word, and why. */
export function HeadlineWords ({ word, details }: Headline): JSX.Element {
  return (
    <>
      <span class='word'>{word}</span>
      {details.map((detail) => <span class='why' key={detail.replace(/[\d.]+/g, '')}>{detail}</span>)}
    </>
  )
}

/** What is scrolled to, or has the focus, must not lie under it: it stays at the top, and is as high as its words. */
function tellHeight (strip: HTMLElement): () => void {
  const observer = new ResizeObserver(() => {
    document.documentElement.style.setProperty('--strip-height', `${strip.offsetHeight}px`)
  })
  observer.observe(strip)
  return () => observer.disconnect()
}

function Ring ({ progress, isHollow }: { progress: number | null, isHollow: boolean }): JSX.Element {
  const filled = progress === null ? 0 : Math.min(1, Math.max(0, progress))
  return (
    <svg class='ring-of-time' width='24' height='24' viewBox='-12 -12 24 24' aria-hidden='true'>
      <circle class='track' r={RADIUS} />
      <circle class='hand' r={RADIUS} stroke-dasharray={ROUND} stroke-dashoffset={ROUND * (1 - filled)} transform='rotate(-90)' />
      {!isHollow && <circle class='dot' r='4' />}
    </svg>
  )
}
