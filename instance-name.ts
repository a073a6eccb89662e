import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'

/** For people to know it by, and never the same twice. */
export function newInstanceName (): string {
  return `${hostname()}-${randomBytes(3).toString('hex')}`
}
