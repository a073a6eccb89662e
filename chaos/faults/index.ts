import type { Fault } from '../fault.ts'
import { access } from './access.ts'
import { database } from './database.ts'
import { messages } from './messages.ts'
import { processes } from './process.ts'
import { readers } from './readers.ts'
import { shutdown } from './shutdown.ts'
import { soaks } from './soak.ts'
import { upgrades } from './upgrades.ts'

/** All of them, in the order of the table. */
export const faults: readonly Fault[] = [
  ...database, ...readers, ...messages, ...upgrades,
  ...access, ...shutdown, ...processes, ...soaks
]
