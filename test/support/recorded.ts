import type { SampleSchema } from '../../lib/source/influx/schema.ts'

/** The same, with every other name as it is when nobody says otherwise. */
export const SAMPLE_SCHEMA: SampleSchema = {
  bucket: 'pops',
  measurement: 'cold_start_metrics',
  field: 'cold_start_time_ms',
  popTag: 'pop_code',
  functionTag: 'function_name',
  unit: 'ms',
  cityTag: 'city',
  countryTag: 'country',
  tierTag: 'tier',
  latitude: 'latitude',
  longitude: 'longitude',
  filter: []
}
