import type { JSX } from 'preact'
import { clock, moment, ms, percent, shortClock, unknown } from '../format.ts'
import { conditionWords } from '../state/condition.ts'
import type { Look } from '../state/look.ts'
import { timeOf, type Standing } from '../state/standing.ts'
import { Mark } from './mark.tsx'
import { still } from './still.ts'

export interface PopRowProps {
  standing: Standing
  /** In the whole table, from 0. */
  index: number
  look: Look
  /** How long it has been so; null: not known. */
  lasts: string | null
  /** Of now, counted from the epoch. */
  today: number
  isSelected: boolean
  onSelect: (code: string) => void
}

/** One PoP. A click anywhere on it selects it, and its code is a button for those who do not click. */
export const PopRow = still((props: PopRowProps): JSX.Element => {
  const { standing, index, look, lasts, today, isSelected, onSelect } = props
  const { pop, condition, baselineMs, changePercent, since, until } = standing
  const isPast = look === 'old' || pop.status === 'silent'
  return (
    <tr
      class={`pop-row row-${condition}${isPast ? ' is-past' : ''}`} data-index={index} aria-rowindex={index + 2}
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
      <td class='state'>
        <Mark condition={condition} /> <span class='condition'>{conditionWords[condition]}</span>{until !== null && ', silent'}
      </td>
      <td class='number'><Since since={since} lasts={lasts} today={today} /></td>
      <td class='number'><Sample time={timeOf(pop.sampleTime)} today={today} /></td>
    </tr>
  )
})

function Since ({ since, lasts, today }: { since: number | null, lasts: string | null, today: number }): JSX.Element {
  if (since === null) return <>{unknown}</>
  return (
    <time dateTime={new Date(since).toISOString()} title={moment(since)}>
      <span class='lasts'>{lasts}</span>
      <span class='print-only'>{dayOf(since) === today ? shortClock(since) : moment(since)}</span>
    </time>
  )
}

function Sample ({ time, today }: { time: number | null, today: number }): JSX.Element {
  if (time === null) return <>{unknown}</>
  return (
    <time dateTime={new Date(time).toISOString()} title={moment(time)}>
      <span class='lasts'>{dayOf(time) === today ? clock(time) : moment(time).slice(0, 10)}</span>
      <span class='print-only'>{moment(time)}</span>
    </time>
  )
}

/** In UTC, as all that is told. */
export function dayOf (time: number): number {
  return Math.floor(time / 86_400_000)
}
