import { AlertMaker, type Alert } from '../../lib/notify/alert.ts'
import type { Change } from '../../lib/notify/receiver.ts'
import { REGRESSION } from './clients.ts'

export const PUBLIC_URL = 'https://board.example/popcast'

/** An alert of a regression of this PoP. */
export function alertOf (pop = 'fra1', severity: 'warning' | 'critical' = 'warning'): Alert {
  const state = { city: 'Frankfurt', country: 'DE', tier: '1' }
  return new AlertMaker(PUBLIC_URL).ofRegression({ ...REGRESSION, id: `${pop}_1`, pop, severity }, state, Date.now())
}

/** What is new about it. */
export function changeOf (state: Change['state'], alert: Alert, at: number, replaces: Alert | null = null): Change {
  return { state, alert, at, replaces }
}
