import { checksEngine } from '../support/check-suite.ts'
import { findFlux, givenFlux, isV2, startV1, startV2 } from '../support/influxd.ts'

const given = givenFlux()
const binary = findFlux()
const missing = given === null && binary === null
  ? 'no server that speaks Flux: set TEST_INFLUXDB_FLUX_URL or TEST_INFLUXD_FLUX'
  : null
checksEngine('flux', missing, async () => given ?? await (isV2(binary!) ? startV2(binary!) : startV1(binary!, 'flux')))
