import type { Signal } from '@preact/signals'
import type { JSX, TargetedPointerEvent } from 'preact'
import { useCallback, useMemo, useState } from 'preact/hooks'
import type { Pop } from '../../client/types.ts'
import { clock, duration, shortClock } from '../format.ts'
import { timeTicks } from '../state/axis.ts'
import { firstLanes, lanesOf, type GroupLane, type Lane, type PopLane } from '../state/lanes.ts'
import type { Look } from '../state/look.ts'
import { windowOf } from '../state/picture.ts'
import type { Window } from '../state/series.ts'
import type { Span } from '../state/spans.ts'
import { GroupBar, LaneBar, place } from './bar.tsx'
import { still } from './still.ts'

export interface TimelineProps {
  spans: readonly Span[]
  pops: ReadonlyMap<string, Pop>
  windowMs: number
  /** By the feed's clock: see state/feed-time.ts. */
  now: number
  dataTime: number | null
  look: Look
  /** Of which PoPs it is, and of when. */
  note: string
  selected: string | null
  onSelect: (code: string) => void
  cursor: Signal<number | null>
  /** So many lanes are shown; default all. */
  most?: number
}

const MOST_TICKS = 6
/** A time that is so near to the right edge stands before its line. */
const EDGE_SHARE = 0.06
const HOUR_MS = 3_600_000

/** Regressions over time, a lane for each PoP; now is at the right. What is open grows only while it is known to be open. */
export function Timeline (props: TimelineProps): JSX.Element {
  const { spans, pops, windowMs, now, dataTime, look, note, selected, onSelect, cursor, most = Infinity } = props
  const [opened, setOpened] = useState<ReadonlySet<string | null>>(new Set())
  const { to } = windowOf(now, windowMs, dataTime)
  const window = useMemo(() => ({ from: to - windowMs, to }), [to, windowMs])
  const end = look === 'live' ? to : Math.min(dataTime ?? window.from, to)
  const all = useMemo(() => lanesOf(spans, pops, window, end), [spans, pops, window, end])
  const { shown: lanes, more } = firstLanes(all, most)
  const toggle = useCallback((country: string | null) => setOpened((before) => {
    const next = new Set(before)
    if (!next.delete(country)) next.add(country)
    return next
  }), [])
  const shared = { window, selected, onSelect }
  return (
    <div class={`timeline look-${look}`}>
      <div class='chart-head'>
        <h2>Regressions, {windowMs === HOUR_MS ? 'last hour' : `last ${duration(windowMs)}`} <small>{note}</small></h2>
        {lanes.length > 0 && <EndKey />}
        {more > 0 && <p class='chart-readout'>{more} more {more === 1 ? 'PoP' : 'PoPs'}</p>}
      </div>
      {lanes.length === 0
        ? <p class='timeline-empty'>none known</p>
        : (
          <div
            class='lanes'
            onPointerMove={(event) => { cursor.value = timeUnder(event, window) }}
            onPointerLeave={() => { cursor.value = null }}
          >
            <Behind window={window} end={end} look={look} cursor={cursor} />
            <ol role='list'>
              {lanes.map((lane) => <LaneRow key={keyOf(lane)} lane={lane} opened={opened} onToggle={toggle} {...shared} />)}
            </ol>
          </div>
          )}
    </div>
  )
}

interface RowProps {
  window: Window
  selected: string | null
  onSelect: (code: string) => void
}

interface LaneProps extends RowProps {
  lane: Lane
  opened: ReadonlySet<string | null>
  onToggle: (country: string | null) => void
}

const LaneRow = still(({ lane, opened, onToggle, ...row }: LaneProps): JSX.Element => {
  if (lane.kind === 'pop') return <PopRow lane={lane} {...row} />
  // What somebody looks at is not hidden in its group.
  const isOpen = opened.has(lane.country) || lane.lanes.some(({ code }) => code === row.selected)
  return <GroupRow lane={lane} isOpen={isOpen} onToggle={() => onToggle(lane.country)} {...row} />
})

function PopRow ({ lane, window, selected, onSelect }: RowProps & { lane: PopLane }): JSX.Element {
  const { code, country, bars } = lane
  return (
    <li class='lane' data-selected={code === selected}>
      <span class='lane-name'><b>{code}</b> {country !== null && <small>{country}</small>}</span>
      <ul class='track' role='list' aria-label={code}>
        {bars.map((bar) => (
          <LaneBar
            key={bar.span.id} bar={bar} window={window} isSelected={code === selected} onSelect={() => onSelect(code)}
          />
        ))}
      </ul>
    </li>
  )
}

function GroupRow ({ lane, isOpen, onToggle, ...row }: RowProps & {
  lane: GroupLane, isOpen: boolean, onToggle: () => void
}): JSX.Element {
  const { country, lanes, times } = lane
  const name = country ?? 'no country'
  return (
    <li class='lane lane-group'>
      <button type='button' class='lane-name' aria-expanded={isOpen} onClick={onToggle}>
        <i class='chevron' aria-hidden='true' /><b>{name}</b> <small>{lanes.length} PoPs</small>
      </button>
      <ul class='track' role='list' aria-label={`${name}, ${lanes.length} PoPs`}>
        {times.map((time) => <GroupBar key={time.from} time={time} window={row.window} />)}
      </ul>
      {isOpen && (
        <ol class='lane-members' role='list'>
          {lanes.map((member) => <PopRow key={member.code} lane={member} {...row} />)}
        </ol>
      )}
    </li>
  )
}

/** The times, where nothing is known, and the cursor. */
function Behind ({ window, end, look, cursor }: {
  window: Window, end: number, look: Look, cursor: Signal<number | null>
}): JSX.Element {
  const edge = window.to - EDGE_SHARE * (window.to - window.from)
  return (
    <div class='lanes-behind' aria-hidden='true'>
      {timeTicks(window, MOST_TICKS).map((time) => (
        <span class='lanes-tick' key={time} data-edge={time > edge} style={{ left: place(time, window) }}>
          <small>{shortClock(time)}</small>
        </span>
      ))}
      {look === 'old' && (
        <span class='lanes-unknown' style={{ left: place(end, window) }}>
          <small>no data{end > window.from && ` since ${clock(end)}`}</small>
        </span>
      )}
      <Cursor window={window} cursor={cursor} />
    </div>
  )
}

function Cursor ({ window, cursor }: { window: Window, cursor: Signal<number | null> }): JSX.Element | null {
  const time = cursor.value
  if (time === null || time < window.from || time > window.to) return null
  return <span class='lanes-cursor' style={{ left: place(time, window) }} />
}

function EndKey (): JSX.Element {
  return (
    <ul class='chart-key' role='list'>
      <li><i class='swatch swatch-critical' aria-hidden='true' /> critical</li>
      <li><i class='swatch swatch-warning' aria-hidden='true' /> warning</li>
      <li><i class='bar-end end-recovered' aria-hidden='true' /> recovered</li>
      <li><i class='bar-end end-gone' aria-hidden='true' /> gone</li>
      <li><i class='bar-end end-new_normal' aria-hidden='true' /> new normal</li>
    </ul>
  )
}

function keyOf (lane: Lane): string {
  return lane.kind === 'pop' ? `pop ${lane.code}` : `country ${lane.country}`
}

function timeUnder ({ clientX, currentTarget }: TargetedPointerEvent<HTMLDivElement>, { from, to }: Window): number | null {
  const behind = currentTarget.querySelector('.lanes-behind')?.getBoundingClientRect()
  if (behind === undefined || clientX < behind.left || behind.width === 0) return null
  return Math.min(to, from + (clientX - behind.left) / behind.width * (to - from))
}
