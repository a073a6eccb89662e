/**
 * What every server of the benchmark has in common: it is told by its parent when to begin, broadcasts one message
 * every `intervalMs` and counts, and tells what it cost. The message goes the way the server's own users send it.
 */
import { createHistogram } from 'node:perf_hooks'

export interface ServerOptions {
  size: number
  intervalMs: number
  deflate: boolean
}

/** What the parent asks. */
export type Command = 'start' | 'stop' | 'sample'

export interface Sample {
  broadcasts: number
  /** User and system, ms, of the whole process. */
  cpuMs: number
  /** The part of it that the kernel takes. */
  kernelMs: number
  rssBytes: number
  eventLoopDelayP99Ms: number
  /** Clients that the server has cut off; only popcast does. */
  cutOff: number
}

const LOOK_EVERY_MS = 1

export const options = JSON.parse(process.argv[2] ?? '{}') as ServerOptions

/** A message of `size` bytes of JSON, as compressible as a list of PoPs is. */
export function message (seq: number): { type: string, seq: number, pops: unknown[] } {
  const pops: unknown[] = []
  const base = JSON.stringify({ type: 'metrics_update', seq, pops }).length
  for (let length = base, index = 0; ; index++) {
    const pop = {
      code: `pop${index}`,
      coldStartMs: Math.round(((index * 7919 + seq * 104_729) % 9_973) * 3.7) / 100,
      healthy: index % 7 !== 0
    }
    length += JSON.stringify(pop).length + 1
    if (length > options.size) break
    pops.push(pop)
  }
  return { type: 'metrics_update', seq, pops }
}

/**
 * Serves the parent's commands; `broadcast` sends one message to every
 * client and resolves when the loop is free for the next.
 */
export function serve (port: number, broadcast: (seq: number) => void | Promise<void>, cutOff = () => 0): void {
  let broadcasts = 0
  let timer: NodeJS.Timeout | undefined
  let running = false
  let broadcasting = Promise.resolve()
  // Event loop delay, microseconds, only while there is something to delay: idle time in between would hide what a fan-out does.
  const delay = createHistogram()
  const watchDelay = () => {
    let lastLook = performance.now()
    return setInterval(() => {
      const now = performance.now()
      delay.record(Math.max(1, Math.round((now - lastLook - LOOK_EVERY_MS) * 1_000)))
      lastLook = now
    }, LOOK_EVERY_MS)
  }
  const sample = (): Sample => {
    const { user, system } = process.cpuUsage()
    return {
      broadcasts,
      cpuMs: (user + system) / 1_000,
      kernelMs: system / 1_000,
      rssBytes: process.memoryUsage.rss(),
      eventLoopDelayP99Ms: delay.percentile(99) / 1e3,
      cutOff: cutOff()
    }
  }
  const tick = async () => {
    running = true
    const watch = watchDelay()
    await broadcast(broadcasts + 1)
    // The look that a loop without pause has held up comes now.
    await new Promise((resolve) => setTimeout(resolve, 2 * LOOK_EVERY_MS))
    clearInterval(watch)
    broadcasts++
    running = false
  }
  const commands: Record<Command, () => void | Promise<void>> = {
    start () {
      delay.reset()
      timer = setInterval(() => { if (!running) broadcasting = tick() }, options.intervalMs)
    },
    stop () {
      clearInterval(timer)
      return broadcasting
    },
    sample () {
      globalThis.gc?.()
    }
  }
  process.on('message', async (command: Command) => {
    await commands[command]()
    process.send?.(sample())
  })
  process.on('disconnect', () => process.exit())
  process.send?.({ port })
}
