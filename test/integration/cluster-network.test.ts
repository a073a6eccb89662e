import t from 'tap'
import { faultSuite } from '../support/fault-suite.ts'

faultSuite(t, ['leader partitioned, silent', 'leader partitioned, reset'])
