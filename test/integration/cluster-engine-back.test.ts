import t from 'tap'
import { faultSuite } from '../support/fault-suite.ts'

faultSuite(t, ['engine SIGSTOP', 'engine restored from an older file'])
