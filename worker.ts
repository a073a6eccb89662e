/** One of the workers that `primary.ts` starts. */
import type { Membership } from './lib/workers/fellow.ts'
import { loadWithin, openFilesLimit } from './open-files.ts'

loadWithin(openFilesLimit())
// Not before: what is imported above is opened all at once.
const { loadConfig } = await import('./config.ts')
const { systemClock } = await import('./lib/clock.ts')
const { Channel } = await import('./lib/workers/channel.ts')
const { Fellow } = await import('./lib/workers/fellow.ts')
const { serve } = await import('./service.ts')
const { openLog, orFailStart, PROGRAM } = await import('./startup.ts')

/** The primary answers, or it is not there. */
const HELLO_DEADLINE_MS = 10_000

const config = orFailStart(PROGRAM, () => loadConfig(process.env))
const output = await openLog(config.LOG_LEVEL, { fields: { worker: Number(process.env.POPCAST_WORKER) } })
const common = { clock: systemClock, log: output.logger }
const channel = new Channel({
  // Where it is closed this process ends: node:cluster sees to that.
  port: {
    send: (message) => { process.send?.(message, undefined, undefined, () => {}) },
    onMessage: (listener) => { process.on('message', listener) }
  },
  ...common
})
// It may be over before it has begun.
let signalled: string | null = null
let close = (signal: string) => {
  signalled = signal
  return true
}
channel.on('drain', ({ signal }: { signal: string }) => close(signal))
const membership = await channel.ask<Membership>('hello', null, HELLO_DEADLINE_MS)
const fellow = new Fellow({ channel, membership, ...common })
close = await serve(config, output, fellow)
if (signalled !== null) close(signalled)
