import t from 'tap'
import { faultSuite } from '../support/fault-suite.ts'

faultSuite(t, ['follower partitioned, silent', 'follower partitioned, reset', 'answers to the leader lost'])
