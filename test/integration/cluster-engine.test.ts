import t from 'tap'
import { faultSuite } from '../support/fault-suite.ts'

faultSuite(t, ['engine SIGKILL, kept', 'engine SIGKILL, lost', 'engine SIGKILL, lost, with the leader away', 'scripts flushed'])
