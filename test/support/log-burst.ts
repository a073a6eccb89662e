import { once } from 'node:events'
import { openLog } from '../../startup.ts'

/**
 * A program that logs lines of a length, more than can wait, and then does what its
 * argument says. `exit`: flushes and exits 3. `crash`: logs a
 * fatal line and exits 1 at once. `resume`: waits for SIGUSR2, then flushes and exits 0.
 */
const { logger, dropped, flush } = await openLog('info')
const [, , then, lines = '20000', length = '200'] = process.argv
for (let line = 0; line < Number(lines); line++) logger.info({ line }, 'x'.repeat(Number(length)))
// What it says next may be answered with the signal at once, which would end it.
const asked = then === 'resume' ? once(process, 'SIGUSR2') : null
process.stderr.write(`dropped ${dropped()}\n`)

if (then === 'exit') {
  await flush(500)
  process.exit(3)
}
if (then === 'crash') {
  logger.fatal({ event: 'crash' }, 'the last line')
  process.exit(1)
}
const alive = setInterval(() => {}, 60_000)
await asked
clearInterval(alive)
await flush(60_000)
logger.info({ event: 'end', dropped: dropped() }, 'end')
await flush(60_000)
process.exit(0)
