import { findInfluxql, startV1 } from '../support/influxd.ts'
import { exerciseEngine } from '../support/engine-suite.ts'

const binary = findInfluxql()
exerciseEngine('influxql', binary === null ? 'no influxd 1.x: install the package influxdb, or set TEST_INFLUXD_INFLUXQL' : null,
  () => startV1(binary as string, 'influxql'))
