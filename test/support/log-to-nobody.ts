import { once } from 'node:events'
import { openLog } from '../../startup.ts'

/** A program that waits for SIGUSR2, logs so many lines, one per turn, and says on stderr how many of them were dropped. */
const [, , lines] = process.argv
const { logger, dropped, flush } = await openLog('info')
const begin = once(process, 'SIGUSR2')
const alive = setInterval(() => {}, 60_000)
process.stderr.write('waiting\n')
await begin
clearInterval(alive)
for (let line = 0; line < Number(lines); line++) {
  logger.info({ line })
  await new Promise((resolve) => setImmediate(resolve))
}
await flush(1_000)
process.stderr.write(`dropped ${dropped()}\n`)
