import t from 'tap'
import { MemoryLog } from '../../../lib/cluster/memory-log.ts'
import { sharedLogSuite } from '../../support/shared-log-suite.ts'

sharedLogSuite(t, { open: async () => new MemoryLog('e1'), reopen: null })
