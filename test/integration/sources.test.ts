import { findFlux, findInfluxql, givenFlux, isV2, startV1, startV2 } from '../support/influxd.ts'
import { exerciseSource } from '../support/source-suite.ts'

const influxql = findInfluxql()
exerciseSource(
  'influxql',
  'influxql',
  influxql === null ? 'no influxd 1.x: install the package influxdb, or set TEST_INFLUXD_INFLUXQL' : null,
  () => startV1(influxql as string, 'influxql')
)

const given = givenFlux()
const flux = findFlux()
exerciseSource(
  'flux',
  'flux',
  given === null && flux === null ? 'no server that speaks Flux: set TEST_INFLUXDB_FLUX_URL or TEST_INFLUXD_FLUX' : null,
  async () => {
    if (given !== null) return given
    return isV2(flux as string) ? startV2(flux as string) : startV1(flux as string, 'flux')
  }
)

// A 1.8 speaks both.
if (flux !== null && !isV2(flux)) exerciseSource('influxql of the same', 'influxql', null, () => startV1(flux, 'influxql'))
