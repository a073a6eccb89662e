import type { JSX } from 'preact'
import { clock, duration, moment, ms, percent, shortClock, unknown } from '../format.ts'
import { conditionWords } from '../state/condition.ts'
import type { Look } from '../state/look.ts'
import { timeOf, type Standing } from '../state/standing.ts'
import { Mark } from './mark.tsx'

export interface PopRowProps {
  standing: Standing
  /** In the whole table, from 0. */
  index: number
  look: Look
  now: number
  isSelected: boolean
  onSelect: (code: string) => void
}

/** One PoP. A click anywhere on it selects it, and its code is a button for those who do not click. */
export function PopRow ({ standing, index, look, now, isSelected, onSelect }: PopRowProps): JSX.Element {
  const { pop, condition, baselineMs, changePercent, since } = standing
  const isPast = look === 'old' || pop.status === 'silent'
  return (
    <tr
      class={`row-${condition}${isPast ? ' is-past' : ''}`} data-index={index} aria-rowindex={index + 2}
      aria-current={isSelected ? 'true' : undefined} onClick={() => onSelect(pop.code)}
    >
      <th scope='row'>
        <button type='button' data-code={pop.code} title={pop.code}>
          <span class='beside-code'><Mark condition={condition} /> </span>{pop.code}
        </button>
      </th>
      <td title={pop.city ?? undefined}>{pop.city ?? unknown}</td>
      <td title={pop.country ?? undefined}>{pop.country ?? unknown}</td>
      <td>{pop.tier ?? unknown}</td>
      <td class='number value'>{ms(pop.coldStartMs)}</td>
      <td class='number'>{ms(baselineMs)}</td>
      <td class='number change'>{changePercent === null ? unknown : percent(changePercent)}</td>
      <td class='state'><Mark condition={condition} /> <span class='condition'>{conditionWords[condition]}</span></td>
      <td class='number'><Since since={since} now={now} /></td>
      <td class='number'><Sample time={timeOf(pop.sampleTime)} now={now} /></td>
    </tr>
  )
}

function Since ({ since, now }: { since: number | null, now: number }): JSX.Element {
  if (since === null) return <>{unknown}</>
  return (
    <time dateTime={new Date(since).toISOString()} title={moment(since)}>
      <span class='lasts'>{duration(now - since)}</span>
      <span class='print-only'>{isToday(since, now) ? shortClock(since) : moment(since)}</span>
    </time>
  )
}

function Sample ({ time, now }: { time: number | null, now: number }): JSX.Element {
  if (time === null) return <>{unknown}</>
  return (
    <time dateTime={new Date(time).toISOString()} title={moment(time)}>
      <span class='lasts'>{isToday(time, now) ? clock(time) : moment(time).slice(0, 10)}</span>
      <span class='print-only'>{moment(time)}</span>
    </time>
  )
}

/** In UTC, as all that is told. */
function isToday (time: number, now: number): boolean {
  return Math.floor(time / 86_400_000) === Math.floor(now / 86_400_000)
}
