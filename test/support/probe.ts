/** Loaded before a program of ours (`--import`): at SIGWINCH it logs what the process holds, collected where there is gc. */

const LOOK_EVERY_MS = 5

let longestTurnMs = 0
let last = look()

/** Wall clock, and CPU of the process, ms. */
function look () {
  const { user, system } = process.cpuUsage()
  return { at: performance.now(), cpuMs: (user + system) / 1_000 }
}

// A turn of the loop holds up everybody else as long as it lasts. Of that only what the process computed is its own:
// on a machine where others compute as well it waits for them.
setInterval(() => {
  const now = look()
  longestTurnMs = Math.max(longestTurnMs, Math.min(now.at - last.at, now.cpuMs - last.cpuMs))
  last = now
}, LOOK_EVERY_MS).unref()

process.on('SIGWINCH', () => {
  const longest = longestTurnMs
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  const timers = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  console.log(JSON.stringify({ event: 'probe', bytes: heapUsed + external, residentBytes: rss, timers, longestTurnMs: longest }))
  // Our own collection is no turn of the program's.
  longestTurnMs = 0
  last = look()
})
