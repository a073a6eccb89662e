import { findFlux, givenFlux, isV2, startV1, startV2 } from '../support/influxd.ts'
import { exerciseEngine } from '../support/engine-suite.ts'

const given = givenFlux()
const binary = findFlux()
exerciseEngine(
  'flux',
  given === null && binary === null ? 'no server that speaks Flux: set TEST_INFLUXDB_FLUX_URL or TEST_INFLUXD_FLUX' : null,
  async () => {
    if (given !== null) return given
    return isV2(binary as string) ? startV2(binary as string) : startV1(binary as string, 'flux')
  }
)
