/** Loaded before a program of ours (`--import`): at SIGWINCH it logs what the process holds, collected where there is gc. */
import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION_MS = 5
/** Our own collection is no delay of the program's. */
const RESET_AFTER_MS = 50

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
delay.enable()

process.on('SIGWINCH', () => {
  const longestTurnMs = delay.max / 1e6
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  const timers = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  console.log(JSON.stringify({ event: 'probe', bytes: heapUsed + external, residentBytes: rss, timers, longestTurnMs }))
  setTimeout(() => delay.reset(), RESET_AFTER_MS)
})
