import type { PopState } from '../../lib/fleet/pop-state.ts'
import type { PopsUpdateMessage } from '../../lib/protocol/server-messages.ts'

/** What a client of `pops` holds after an update, as PROTOCOL.md says. */
export function applyPops (
  held: ReadonlyMap<string, PopState>,
  { data, fields, dataTime }: PopsUpdateMessage
): Map<string, PopState> {
  if ('pops' in data) return new Map(data.pops.map((pop) => [pop.code, pop]))
  const pops = new Map(held)
  for (const { code, ...change } of data.changed) {
    const { lagMs = 0, ...told } = 'lagMs' in change ? change : { ...change, lagMs: 0 }
    const sampleTime = told.sampleTime ?? new Date(Date.parse(dataTime ?? '') - lagMs).toISOString()
    pops.set(code, { ...(fields && pops.get(code)), code, ...told, sampleTime } as PopState)
  }
  for (const code of data.removed) pops.delete(code)
  return pops
}
