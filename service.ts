import closeWithGrace from 'close-with-grace'
import { buildApp, type Overrides } from './app.ts'
import type { Config } from './config.ts'
import { DirectoryError } from './lib/cluster/directory-log.ts'
import type { LogOutput } from './log-output.ts'
import { failStart, FLUSH_TIMEOUT_MS, onInterrupt, PROGRAM, shutdownMs } from './startup.ts'

/**
 * The service, until a signal ends it.
 * @param fellow what this one is told of others, by whom it is also ended: a Ctrl-C is theirs
 * @returns ends it as a signal does
 */
export async function serve (
  config: Config,
  output: LogOutput,
  fellow: NonNullable<Overrides['fellow']> | null = null
): Promise<(signal: string) => void> {
  const app = await buildApp(config, { logger: output.logger, logDropped: output.dropped, fellow }).catch((error: unknown) => {
    if (error instanceof DirectoryError) failStart(PROGRAM, `STATE_DIR: ${error.message}`)
    throw error
  })

  let told = 'SIGINT'
  let isClosing = false
  const options = { delay: shutdownMs(config), logger: app.log, skip: ['SIGINT' as const] }
  const grace = closeWithGrace(options, async ({ signal = told, err }) => {
    isClosing = true
    if (err) app.log.fatal({ event: 'shutdown', err }, 'shutting down because of an error')
    else app.log.info({ event: 'shutdown', signal, drainDelayMs: config.DRAIN_DELAY_MS }, 'shutting down')
    app.lifecycle.drain()
    if (!err) await new Promise((resolve) => setTimeout(resolve, config.DRAIN_DELAY_MS))
    await app.close()
    app.log.info({ event: 'closed' }, 'closed')
    await output.flush(FLUSH_TIMEOUT_MS)
  })
  const close = (signal: string) => {
    if (isClosing) return
    told = signal
    void grace.close()
  }
  if (fellow === null) onInterrupt(app.log, output, () => close('SIGINT'))
  else process.on('SIGINT', () => {})

  try {
    await app.listen({ host: config.HOST, port: config.PORT })
  } catch (error) {
    failStart(PROGRAM, `HOST, PORT: cannot listen on ${config.HOST}:${config.PORT}: ${(error as Error).message}`)
  }
  return close
}
