import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Type, type Static, type TObject } from 'typebox'
import { RESERVED_NAMES, UNITS, type SampleSchema, type Unit } from './schema.ts'
import { parseFilter } from './tag-filter.ts'

const name = (what: string, defaultValue: string) => Type.String({
  description: `the name of ${what}, without control characters`,
  default: defaultValue,
  pattern: '^[^\\u0000-\\u001f\\u007f]+$'
})

/** What of the samples is called how in a database that others fill. */
export const influxSettings = {
  INFLUXDB_FILTER: Type.Optional(Type.String({
    description: 'tag=value, several separated by commas, with a backslash before commas, equals signs and spaces in them'
  })),
  INFLUXDB_UNIT: Type.Unsafe<Unit>({
    type: 'string',
    enum: UNITS,
    default: 'ms',
    description: `what the field counts, one of ${UNITS.join(', ')}`
  }),
  INFLUXDB_CITY_TAG: name('the tag that holds the city', 'city'),
  INFLUXDB_COUNTRY_TAG: name('the tag that holds the country', 'country'),
  INFLUXDB_TIER_TAG: name('the tag that holds the tier', 'tier'),
  INFLUXDB_LATITUDE: name('the tag or field that holds the latitude', 'latitude'),
  INFLUXDB_LONGITUDE: name('the tag or field that holds the longitude', 'longitude'),
  INFLUXDB_CA_FILE: Type.Optional(Type.String({
    description: 'a file with certificates (PEM) of authorities that are trusted in addition to the usual ones'
  }))
}

/** These settings and those that they may contradict. */
export type InfluxSettings = Static<TObject<typeof influxSettings>> &
  Record<'INFLUXDB_POP_TAG' | 'INFLUXDB_FUNCTION_TAG', string> &
  Record<'INFLUXDB_BUCKET' | 'INFLUXDB_MEASUREMENT' | 'INFLUXDB_FIELD', string>

type Checked = Omit<InfluxSettings, 'INFLUXDB_BUCKET'> & { INFLUXDB_TOKEN?: string, INFLUXDB_URL?: string }
interface Fault {
  variable: keyof Checked
  /** Never the value of the token. */
  fault: string
}

/** What no schema tells: contradictions, and what a file holds. */
export function * influxSettingFaults (settings: Checked): Iterable<Fault> {
  const { INFLUXDB_TOKEN = '', INFLUXDB_POP_TAG, INFLUXDB_FUNCTION_TAG } = settings
  // It goes into a header, where they would be refused at every single request.
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(INFLUXDB_TOKEN)) yield { variable: 'INFLUXDB_TOKEN', fault: 'has control characters in it' }
  if (INFLUXDB_POP_TAG === INFLUXDB_FUNCTION_TAG) {
    yield { variable: 'INFLUXDB_FUNCTION_TAG', fault: `${JSON.stringify(INFLUXDB_FUNCTION_TAG)} is INFLUXDB_POP_TAG as well` }
  }
  if (settings.INFLUXDB_LATITUDE === settings.INFLUXDB_LONGITUDE) {
    yield { variable: 'INFLUXDB_LONGITUDE', fault: `${JSON.stringify(settings.INFLUXDB_LONGITUDE)} is INFLUXDB_LATITUDE as well` }
  }
  yield * reservedNames(settings)
  yield * fileFaults(settings)
  yield * filterFaults(settings)
}

function * reservedNames (settings: Checked): Iterable<Fault> {
  const names = ['POP_TAG', 'FUNCTION_TAG', 'CITY_TAG', 'COUNTRY_TAG', 'TIER_TAG', 'LATITUDE', 'LONGITUDE'] as const
  for (const variable of names.map((each) => `INFLUXDB_${each}` as const)) {
    const value = settings[variable]
    if (RESERVED_NAMES.includes(value)) {
      yield { variable, fault: `${JSON.stringify(value)} is a name of InfluxDB's own (${RESERVED_NAMES.join(', ')})` }
    }
  }
}

function * filterFaults ({ INFLUXDB_FILTER }: Checked): Iterable<Fault> {
  if (INFLUXDB_FILTER === undefined) return
  try {
    parseFilter(INFLUXDB_FILTER)
  } catch (error) {
    yield { variable: 'INFLUXDB_FILTER', fault: (error as Error).message }
  }
}

function * fileFaults ({ INFLUXDB_CA_FILE, INFLUXDB_URL }: Checked): Iterable<Fault> {
  if (INFLUXDB_CA_FILE === undefined) return
  if (INFLUXDB_URL?.startsWith('http:') === true) {
    yield { variable: 'INFLUXDB_CA_FILE', fault: 'is set, and INFLUXDB_URL is not an https:// URL' }
  }
  try {
    readAuthorities(INFLUXDB_CA_FILE)
  } catch (error) {
    yield { variable: 'INFLUXDB_CA_FILE', fault: (error as Error).message }
  }
}

/**
 * The certificates of a file, PEM.
 * @throws {Error} when it cannot be read or its first certificate is none
 */
export function readAuthorities (file: string): string {
  const pem = readFileSync(file, 'utf8')
  try {
    return new X509Certificate(pem) && pem
  } catch (error) {
    throw new Error(`${file} holds no certificate in PEM`, { cause: error })
  }
}

/** @param settings that have been checked */
export function sampleSchema (settings: InfluxSettings): SampleSchema {
  return {
    bucket: settings.INFLUXDB_BUCKET,
    measurement: settings.INFLUXDB_MEASUREMENT,
    field: settings.INFLUXDB_FIELD,
    unit: settings.INFLUXDB_UNIT,
    popTag: settings.INFLUXDB_POP_TAG,
    functionTag: settings.INFLUXDB_FUNCTION_TAG,
    cityTag: settings.INFLUXDB_CITY_TAG,
    countryTag: settings.INFLUXDB_COUNTRY_TAG,
    tierTag: settings.INFLUXDB_TIER_TAG,
    latitude: settings.INFLUXDB_LATITUDE,
    longitude: settings.INFLUXDB_LONGITUDE,
    filter: settings.INFLUXDB_FILTER === undefined ? [] : parseFilter(settings.INFLUXDB_FILTER)
  }
}
