import t from 'tap'
import { faultSuite } from '../support/fault-suite.ts'

faultSuite(t, ['leader SIGKILL', 'rolling restart'])
