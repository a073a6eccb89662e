import { MemoryLog } from '../../lib/cluster/memory-log.ts'
import type { Findings } from '../../lib/feed/tick.ts'
import { UpdateLog, type Note, type Outcome, type LogLimits } from '../../lib/feed/update-log.ts'

export interface MemoryLogOptions extends LogLimits {
  epoch: string
}

/** What is read back of a stream in memory, and the way into it. */
export function memoryLog ({ epoch, ...limits }: MemoryLogOptions) {
  const stream = new MemoryLog<Findings, Note>(epoch)
  const updates = new UpdateLog(limits)
  void stream.follow(updates)
  const append = (outcome: Pick<Outcome, 'update' | 'note'>) => stream.append({ ...outcome, memory: () => '' })
  return { stream, updates, append }
}
