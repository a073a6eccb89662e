import type { LogStatus } from '../cluster/shared-log.ts'
import { gauge, type Family } from './exposition.ts'

/** Whether the stream that instances share can be read, and which of them leads. */
export function streamFamilies ({ instance, engine, role, term, away, isSynced, lagMs }: LogStatus): Family[] {
  return [
    gauge('popcast_instance_info', 'Always 1: this process, and where its stream is.', [[{ id: instance, engine }, 1]],
      'max'),
    gauge('popcast_stream_leader', 'Whether this process asks the source for all that share it.', Number(role === 'leader'),
      'max'),
    gauge('popcast_stream_term', 'Grows with each change of who leads.', term, 'max'),
    gauge('popcast_stream_up', 'Whether the shared log can be read and written, and somebody leads.',
      Number(away === null && isSynced), 'min'),
    gauge('popcast_stream_lag_seconds', 'How long ago it was known that there is nothing newer.', lagMs / 1_000, 'max')
  ]
}
