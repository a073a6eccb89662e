import type { TagFilter } from './tag-filter.ts'

/** To ms; a division where one is exact and the product would not be. */
const toMs = {
  ns: (value: number) => value / 1_000_000,
  us: (value: number) => value / 1_000,
  ms: (value: number) => value,
  s: (value: number) => value * 1_000
} as const

/** What the field counts. */
export type Unit = keyof typeof toMs
export const UNITS = Object.keys(toMs) as Unit[]

/** @returns how a value of the field becomes ms */
export function converter (unit: Unit): (value: number) => number {
  return toMs[unit]
}

/** Where the samples are, and what their columns are called. */
export interface SampleSchema {
  /** 2.x: a bucket. 1.x and 3.x: `database` or `database/retention-policy`. */
  bucket: string
  measurement: string
  field: string
  unit: Unit
  popTag: string
  functionTag: string
  cityTag: string
  countryTag: string
  tierTag: string
  /** A tag or a field, each. */
  latitude: string
  longitude: string
  /** Only samples that match all of them are read. */
  filter: readonly TagFilter[]
}

/** Names that the languages use themselves: a tag of this name cannot be told from the engine's own column. */
export const RESERVED_NAMES: readonly string[] = ['time', '_time', '_value', '_field', '_measurement', '_start', '_stop']

/** `database` or `database/retention-policy` as query parameters of 1.x. */
export function databaseOf (bucket: string): { db: string, rp?: string } {
  const slash = bucket.indexOf('/')
  return slash === -1 ? { db: bucket } : { db: bucket.slice(0, slash), rp: bucket.slice(slash + 1) }
}
