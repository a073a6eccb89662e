import { checksEngine } from '../support/check-suite.ts'
import { findInfluxql, startV1 } from '../support/influxd.ts'

const binary = findInfluxql()
const missing = binary === null ? 'no influxd 1.x: install the package influxdb, or set TEST_INFLUXD_INFLUXQL' : null
checksEngine('influxql', missing, () => startV1(binary!, 'influxql'))
