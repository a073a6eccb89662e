import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { AlertData } from '../protocol/alerts.ts'
import { orNull } from '../protocol/fields.ts'
import { ErrorReport, MetricsUpdate } from '../protocol/server-messages.ts'
import { alertData } from './alert.ts'
import { isTime, MAX_TIME } from './packed-findings.ts'
import type { Findings } from './tick.ts'
import type { Note } from './update-log.ts'

/** What is kept of each update. */
export type Entry = Pick<Findings, 'header' | 'overview' | 'silentPops' | 'dataTime' | 'queryMs' | 'events'>

const { data: overview, silentPops, dataTime, polledAt, ageMs, status, nextPollAt } = MetricsUpdate.properties
const time = Type.Number({ minimum: -MAX_TIME, maximum: MAX_TIME })
const timeOrNull = Type.Union([Type.Null(), time])

const entries = Compile(Type.Object({
  header: Type.Object({ dataTime, polledAt, ageMs, status, nextPollAt }),
  overview,
  silentPops,
  dataTime: timeOrNull,
  queryMs: Type.Number(),
  events: Type.Array(Type.Object({ regression: Type.Object({ comparison: Type.Object({}) }) }))
}))
const alerts = Compile(AlertData)
const notes = Compile(Type.Object({
  failure: Type.Union([Type.Null(), Type.Object({ code: ErrorReport.properties.code, since: Type.Optional(time) })]),
  isTick: Type.Boolean(),
  knows: Type.Optional(Type.Object({
    source: Type.Object({
      healthy: Type.Boolean(),
      lastSuccess: timeOrNull,
      failure: orNull('a SourceFailure').text,
      consecutiveFailures: Type.Integer(),
      failingSince: Type.Optional(timeOrNull)
    }),
    troubles: Type.Array(Type.Object({ reason: Type.String(), message: Type.String() }))
  }))
}))

/** @throws when it is none: all that is told of it has to be what the protocol says */
export function entryOf (text: string): Entry {
  const entry = JSON.parse(text) as Entry
  if (!entries.Check(entry)) throw new TypeError('no update')
  const { header, events }: Entry = entry
  const times = [header.polledAt, header.nextPollAt, ...header.dataTime === null ? [] : [header.dataTime]]
  if (!times.every((time) => isTime(Date.parse(time)))) throw new TypeError('no time')
  if (!events.every(({ regression }) => alerts.Check(alertData(regression)))) throw new TypeError('no alert')
  return entry
}

/** @throws when it is none */
export function noteOf (text: string): Note {
  const note = JSON.parse(text) as Note
  if (!notes.Check(note)) throw new TypeError('no note')
  return note
}
