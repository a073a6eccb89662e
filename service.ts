import closeWithGrace from 'close-with-grace'
import { buildApp, type Overrides } from './app.ts'
import type { Config } from './config.ts'
import type { LogOutput } from './log-output.ts'
import { fitConnections, fitSockets } from './open-files.ts'
import { failStart, FLUSH_TIMEOUT_MS, onInterrupt, orFailDirectory, PROGRAM, shutdownMs, tellSecondSignal } from './startup.ts'

/** May come to a whole group of processes: for a worker that is told to end as well none of them is a second one. */
const GROUP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/**
 * The service, until a signal ends it.
 * @param fellow what this one is told of others, by whom it is also ended: a Ctrl-C is theirs
 * @returns ends it as a signal does; false: it ends already
 */
export async function serve (
  config: Config,
  output: LogOutput,
  fellow: NonNullable<Overrides['fellow']> | null = null
): Promise<(signal: string) => boolean> {
  fitConnections(config, output.logger)
  const app = await orFailDirectory(buildApp(config, { logger: output.logger, logDropped: output.dropped, fellow }))
  fitSockets(app.server, () => app.connections.counts.refused.add('OPEN_FILES'))

  let told = 'SIGINT'
  let isClosing = false
  const options = {
    delay: shutdownMs(config),
    logger: app.log,
    skip: fellow === null ? ['SIGINT' as const] : [...GROUP_SIGNALS],
    onSecondSignal: (signal: string) => tellSecondSignal(app.log, signal)
  }
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
    if (isClosing) return false
    told = signal
    void grace.close()
    return true
  }
  if (fellow === null) onInterrupt(app.log, output, () => close('SIGINT'))
  else for (const signal of GROUP_SIGNALS) process.on(signal, () => { if (signal !== 'SIGINT') close(signal) })

  try {
    await app.listen({ host: config.HOST, port: config.PORT })
  } catch (error) {
    failStart(PROGRAM, `HOST, PORT: cannot listen on ${config.HOST}:${config.PORT}: ${(error as Error).message}`)
  }
  return close
}
