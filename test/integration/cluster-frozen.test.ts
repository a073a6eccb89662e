import t from 'tap'
import { faultSuite } from '../support/fault-suite.ts'

faultSuite(t, ['leader SIGSTOP for 3 leases', 'leader SIGSTOP during its query'])
