let lastTime = 0
let lastTimestamp = new Date(lastTime).toISOString()

/** ISO 8601 UTC, as every time on the wire. In a storm the same millisecond is asked for many times: the last answer is kept. */
export function timestamp (time: number): string {
  if (time !== lastTime) {
    lastTimestamp = new Date(time).toISOString()
    lastTime = time
  }
  return lastTimestamp
}
