import { duration, list } from '../../words.ts'
import { SourceError } from '../source-error.ts'
import type { Catalog } from './reader.ts'
import type { SampleSchema } from './schema.ts'

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS
/**
 * So far back the newest sample is looked for, one after the other: that is cheap where there is one lately, and Flux of
 * 1.8 sees one type alone where a field's type has changed in between.
 */
const LOOK_BACK_MS = [HOUR_MS, DAY_MS, 7 * DAY_MS]

export interface ExplanationOptions {
  catalog: Catalog
  schema: SampleSchema
  /** ms since the epoch */
  now: number
  /** A newest sample of this age, in ms, is no news. */
  windowMs: number
}

type Newest = Awaited<ReturnType<Catalog['newest']>>

/**
 * What of the settings is not in the database, and what there is instead; or how old the newest sample is.
 * @returns null when everything is there and the newest sample is not old
 * @throws {SourceError}
 */
export async function explain (options: ExplanationOptions): Promise<string | null> {
  const { catalog, schema, now } = options
  try {
    const missing = await missingMeasurement(catalog, schema)
    if (missing !== null) return missing
    const newest = await newestOf(catalog, now)
    // A field that has a sample is there, and Flux finds fields only by reading samples of all of them.
    const missingName = newest === null ? await missingField(catalog, schema) : null
    return missingName ?? await missingTag(catalog, schema) ?? oldSamples(newest, options)
  } catch (error) {
    const missing = await missingBucket(catalog, schema).catch(() => null)
    if (missing !== null && error instanceof SourceError) return missing
    throw error
  }
}

async function missingBucket (catalog: Catalog, { bucket }: SampleSchema): Promise<string | null> {
  const found = await catalog.buckets()
  // 1.8 tells Flux of `database/retention-policy` only, and reads `database` as its default policy.
  if (found.some((name) => name === bucket || name.startsWith(`${bucket}/`))) return null
  return `bucket \`${bucket}\` not found; there ${found.length === 1 ? 'is' : 'are'} ${list(found)}`
}

async function missingMeasurement (catalog: Catalog, schema: SampleSchema): Promise<string | null> {
  const { measurement, bucket } = schema
  const measurements = await catalog.measurements()
  if (measurements.includes(measurement)) return null
  // To InfluxQL a database that is not there has no measurements.
  const missing = measurements.length === 0 ? await missingBucket(catalog, schema) : null
  return missing ?? `measurement \`${measurement}\` not found in ${bucket}; it has ${list(measurements)}`
}

async function missingField (catalog: Catalog, { measurement, field }: SampleSchema): Promise<string | null> {
  const fields = await catalog.fields(field)
  return fields.includes(field) ? null : `field \`${field}\` not found in ${measurement}; it has ${list(fields)}`
}

async function missingTag (catalog: Catalog, { measurement, popTag, filter }: SampleSchema): Promise<string | null> {
  const tags = await catalog.tags()
  for (const tag of [popTag, ...filter.map(({ tag }) => tag)]) {
    if (!tags.includes(tag)) return `tag \`${tag}\` not found in ${measurement}; it has ${list(tags)}`
  }
  for (const { tag, values } of filter) {
    const found = await catalog.tagValues(tag)
    if (!values.some((value) => found.includes(value))) {
      const wanted = values.join(' or ')
      return `INFLUXDB_FILTER matches nothing: tag \`${tag}\` of ${measurement} is never ${wanted}; it is ${list(found)}`
    }
  }
  return null
}

function oldSamples (newest: Newest, { schema, now, windowMs }: ExplanationOptions): string | null {
  const { field, measurement, filter } = schema
  if (newest === null) {
    const which = filter.length === 0 ? '' : ' that INFLUXDB_FILTER matches'
    return `${measurement} has no sample of \`${field}\`${which} within the last 7 days`
  }
  if (newest.type !== 'number') return `field \`${field}\` of ${measurement} is of the type ${newest.type}, not a number`
  const age = now - newest.time
  if (Math.abs(age) <= windowMs) return null
  return `newest sample of \`${field}\` is ${duration(Math.abs(age))} ${age > 0 ? 'old' : 'ahead of the clock'}`
}

async function newestOf (catalog: Catalog, now: number): Promise<Newest> {
  for (const lookBackMs of LOOK_BACK_MS) {
    const newest = await catalog.newest(now - lookBackMs)
    if (newest !== null) return newest
  }
  return null
}
