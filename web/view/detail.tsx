import type { JSX } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Alert, Pop } from '../../client/types.ts'
import { asOfWords, clock, duration, ms, shortClock } from '../format.ts'
import { conditionOf, conditionWords } from '../state/condition.ts'
import type { Headline } from '../state/headline.ts'
import type { Phase } from '../state/detail.ts'
import { baselineWords, changeWords, listed } from '../state/detail-words.ts'
import type { HeldDetail } from '../state/held.ts'
import type { Look } from '../state/look.ts'
import type { Span } from '../state/spans.ts'
import { lastsOf, standingOf, timeOf } from '../state/standing.ts'
import { Facts, Regressions } from './detail-facts.tsx'
import { Mark } from './mark.tsx'
import { PopChart } from './pop-chart.tsx'
import { HeadlineWords } from './strip.tsx'

export interface DetailProps {
  code: string
  /** As the updates have it; null: they have none of this code. */
  pop: Pop | null
  alert: Alert | null
  detail: HeldDetail
  /** What the strip says, where the sheet lies over it. */
  headline: Headline
  look: Look
  /** Of what time the picture is, when that is not now. */
  asOf: Date | null
  /** Until when durations run. */
  now: number
  /** Now, also while what is known is old: where the chart ends. Both by the feed's clock: see state/feed-time.ts. */
  edge?: number
  theme: string
  simulated?: boolean
  onClose: () => void
  onCopyLink: () => void
  onCopySummary: () => void
  /** Until when nothing is to be heard of it; null: it is not muted. undefined: nothing is heard anyway. */
  mutedUntil?: number | null | undefined
  onMute?: (isMuted: boolean) => void
  onRetry?: () => void
  /** The same regression over time, for when its severity changed. */
  span?: Span | null
}

/** All that is known of one PoP. It is no dialog: the rest of the page stays in use. */
export function Detail (props: DetailProps): JSX.Element {
  const { code, pop, alert, span = null, detail, headline, look, asOf, now, edge = now, theme, simulated = false } = props
  const { onRetry, onClose, onCopyLink, onCopySummary, mutedUntil, onMute } = props
  const heading = useFocus(code)
  const { phase, facts, points, lastKnown } = detail
  // Where the updates have it, they are newer than any answer.
  const shown = pop ?? lastKnown
  const isOwnTime = pop === null || pop.status === 'silent'
  const open = listed(facts, alert, span, now, (pop?.status === 'silent' ? timeOf(pop.sampleTime) : null) ?? now)
  return (
    <aside class={`detail look-${isOwnTime ? 'old' : look}`} aria-labelledby='detail-title'>
      <header class='detail-head'>
        <h2 id='detail-title' tabIndex={-1} ref={heading}>{code} {shown !== null && <small>{placeOf(shown)}</small>}</h2>
        <button type='button' class='detail-close' aria-label={`Close ${code}`} onClick={onClose}>{'\u00d7'}</button>
        <p class='detail-feed' data-kind={headline.kind}><HeadlineWords {...headline} /></p>
      </header>
      <Missing pop={pop} lastKnown={lastKnown} code={code} phase={phase} look={look} />
      {shown !== null && (
        <Present pop={shown} alert={alert} detail={detail} asOf={isOwnTime ? new Date(shown.sampleTime) : asOf} now={now} />
      )}
      {look === 'late' && pop !== null && <p class='detail-note'>the update is overdue</p>}
      {shown !== null && (
        <PopChart
          code={code} points={points} intervalMs={detail.intervalMs} pop={shown} alert={alert} span={span} now={edge}
          look={pop === null ? 'old' : look} theme={theme} simulated={simulated} isLoading={phase.name === 'loading'}
        />
      )}
      {detail.isLater && (
        <p class='detail-note'>asked for while the picture stood still: the last hour may be newer than the picture</p>
      )}
      <PhaseWords phase={phase} code={code} onRetry={onRetry} />
      {facts !== null && <Facts facts={facts} alert={alert} pop={shown} />}
      {(facts !== null || open.length > 0) && <Regressions listed={open} />}
      <div class='detail-actions'>
        <button type='button' class='button' onClick={onCopyLink}>copy link</button>
        <button type='button' class='button' onClick={onCopySummary}>copy summary</button>
        {mutedUntil !== undefined && (
          <button type='button' class='button' aria-pressed={mutedUntil !== null} onClick={() => onMute?.(mutedUntil === null)}>
            {mutedUntil === null ? 'mute for 1 h' : `muted until ${shortClock(mutedUntil)}`}
          </button>
        )}
      </div>
    </aside>
  )
}

interface PresentProps {
  pop: Pop
  alert: Alert | null
  detail: HeldDetail
  /** null: it is of now. */
  asOf: Date | null
  now: number
}

/** Its value, large, and what that means. */
function Present ({ pop, alert, detail: { facts }, asOf, now }: PresentProps): JSX.Element {
  const condition = conditionOf(pop)
  const change = changeWords(pop)
  const kind = alert?.baselineKind ?? facts?.comparison?.baselineKind
  const since = alert === null ? null : Date.parse(alert.since)
  return (
    <section class={`detail-present row-${condition}`} aria-label='Now'>
      <p class='detail-condition'>
        <Mark condition={condition} size={20} /> <b class='condition'>{conditionWords[condition]}</b>
        {since !== null && <span>since {shortClock(since)} ({lastsOf(standingOf(pop, alert), now)})</span>}
        {pop.status === 'silent' && (
          <span>{condition !== 'silent' && 'silent '}for {duration(now - Date.parse(pop.sampleTime))}</span>
        )}
      </p>
      <p class='detail-value'>
        <b>{ms(pop.coldStartMs)}</b>
        {asOf !== null && <span class='detail-as-of'>as of {asOfWords(asOf, now)}</span>}
      </p>
      <p class='detail-change'>
        {change === null ? 'not enough data to compare with' : <b>{change}</b>}
        {change !== null && kind !== undefined && `, ${baselineWords(kind, facts?.comparison?.baselineDays)}`}
      </p>
    </section>
  )
}

interface MissingProps {
  pop: Pop | null
  lastKnown: Pop | null
  code: string
  phase: Phase
  look: Look
}

/** Why what is shown is not of now. */
function Missing ({ pop, lastKnown, code, phase, look }: MissingProps): JSX.Element | null {
  if (pop !== null) return null
  if (phase.name === 'failed' && phase.problem.kind === 'unknown-pop') {
    const last = lastKnown === null ? '' : '; this is the last that was known of it'
    return <p class='detail-missing' role='status'>{phase.problem.words}{last}</p>
  }
  if (lastKnown === null && look === 'none' && phase.name !== 'failed') return <p class='detail-missing'>no data yet</p>
  if (phase.name !== 'known' || lastKnown === null) return null
  const time = clock(lastKnown.sampleTime)
  return <p class='detail-missing'>{code} is not among the PoPs that this page follows now: what is shown is of {time}</p>
}

interface PhaseProps {
  phase: Phase
  code: string
  onRetry: (() => void) | undefined
}

function PhaseWords ({ phase, code, onRetry }: PhaseProps): JSX.Element | null {
  if (phase.name === 'loading') return <p class='detail-note' role='status'>asking for the last hour of {code}</p>
  if (phase.name !== 'failed' || phase.problem.kind === 'unknown-pop') return null
  return (
    <p class='detail-note detail-failed' role='status'>
      its last hour: {phase.problem.words}
      {onRetry !== undefined && <button type='button' class='button' onClick={onRetry}>try again</button>}
    </p>
  )
}

function placeOf ({ city, country, tier }: Pop): string {
  return [city, country, tier === null ? null : `tier ${tier}`].filter((part) => part !== null).join(' ')
}

/** Who opens it reads on there, and goes back to where they were. Who looks at another one from elsewhere stays there. */
function useFocus (code: string) {
  const heading = useRef<HTMLHeadingElement>(null)
  useLayoutEffect(() => {
    const before = document.activeElement
    const sheet = heading.current?.closest('aside')
    heading.current?.focus({ preventScroll: true })
    return () => {
      const isWithin = document.activeElement === document.body || sheet?.contains(document.activeElement) === true
      if (isWithin && before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    }
  }, [])
  useLayoutEffect(() => {
    const sheet = heading.current?.closest('aside')
    sheet?.scrollTo(0, 0)
    if (sheet?.contains(document.activeElement) === true) heading.current?.focus({ preventScroll: true })
  }, [code])
  return heading
}
