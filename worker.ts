/** One of the workers that `primary.ts` starts. */
import { loadConfig } from './config.ts'
import { systemClock } from './lib/clock.ts'
import { Channel } from './lib/workers/channel.ts'
import { Fellow, type Membership } from './lib/workers/fellow.ts'
import { serve } from './service.ts'
import { openLog, orFailStart, PROGRAM } from './startup.ts'

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
let close = (signal: string) => { signalled = signal }
channel.on('drain', ({ signal }: { signal: string }) => close(signal))
const membership = await channel.ask<Membership>('hello', null, HELLO_DEADLINE_MS)
const fellow = new Fellow({ channel, membership, ...common })
close = await serve(config, output, fellow)
if (signalled !== null) close(signalled)
