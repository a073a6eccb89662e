import closeWithGrace from 'close-with-grace'
import { buildApp } from './app.ts'
import { loadConfig } from './config.ts'
import { DirectoryError } from './lib/cluster/directory-log.ts'
import { connectionsWithin, openFilesLimit } from './open-files.ts'
import { failStart, FLUSH_TIMEOUT_MS, loadEnvFile, openLog, orFailStart, SAME_KEY_PRESS_MS } from './startup.ts'

const PROGRAM = 'popcast'
/** Between the deadline of the drain and the one of the process: what Fastify and InfluxDB need to close. */
const CLOSE_SLACK_MS = 5_000

loadEnvFile(PROGRAM)
const config = orFailStart(PROGRAM, () => loadConfig(process.env))
const output = await openLog(config.LOG_LEVEL)
const filesLimit = openFilesLimit()
const mostConnections = connectionsWithin(filesLimit)
if (config.MAX_CONNECTIONS > mostConnections) {
  const fields = { event: 'few_open_files', filesLimit, maxConnections: mostConnections, wanted: config.MAX_CONNECTIONS }
  output.logger.warn(fields, 'the process may open fewer files than MAX_CONNECTIONS needs: see ulimit -n')
  config.MAX_CONNECTIONS = mostConnections
}
const app = await buildApp(config, { logger: output.logger, logDropped: output.dropped }).catch((error: unknown) => {
  if (error instanceof DirectoryError) failStart(PROGRAM, `STATE_DIR: ${error.message}`)
  throw error
})

const delay = config.DRAIN_DELAY_MS + config.DRAIN_TIMEOUT_MS + CLOSE_SLACK_MS
const grace = closeWithGrace({ delay, logger: app.log, skip: ['SIGINT'] }, async ({ signal = 'SIGINT', err }) => {
  if (err) app.log.fatal({ event: 'shutdown', err }, 'shutting down because of an error')
  else app.log.info({ event: 'shutdown', signal, drainDelayMs: config.DRAIN_DELAY_MS }, 'shutting down')
  app.lifecycle.drain()
  if (!err) await new Promise((resolve) => setTimeout(resolve, config.DRAIN_DELAY_MS))
  await app.close()
  app.log.info({ event: 'closed' }, 'closed')
  await output.flush(FLUSH_TIMEOUT_MS)
})

process.once('SIGINT', () => {
  const firstAt = performance.now()
  process.on('SIGINT', () => {
    if (performance.now() - firstAt < SAME_KEY_PRESS_MS) return
    app.log.error({ event: 'second_signal', signal: 'SIGINT' }, 'exiting at once')
    void output.flush(FLUSH_TIMEOUT_MS).then(() => process.exit(1))
  })
  void grace.close()
})

try {
  await app.listen({ host: config.HOST, port: config.PORT })
} catch (error) {
  failStart(PROGRAM, `HOST, PORT: cannot listen on ${config.HOST}:${config.PORT}: ${(error as Error).message}`)
}
