import type { Log } from '../lib/log.ts'

/** What is looked at is told as findings. */
export const silentLog: Log = { debug () {}, info () {}, warn () {}, error () {} }
