import type { Fault } from '../fault.ts'
import { database } from './database.ts'

/** All of them, in the order of the table. */
export const faults: readonly Fault[] = [...database]
