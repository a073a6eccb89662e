import { performance } from 'node:perf_hooks'
import { setLogger } from '@influxdata/influxdb-client'
import type { Logger } from 'pino'
import { systemClock } from '../lib/clock.ts'
import { InfluxConnection } from '../lib/source/influx-connection.ts'
import { readAuthorities } from '../lib/source/influx/settings.ts'
import { FLUSH_TIMEOUT_MS, loadEnvFile, openLog, orFailStart, SAME_KEY_PRESS_MS } from '../startup.ts'
import { parseArguments, USAGE } from './arguments.ts'
import { influxWrite } from './influx-write.ts'
import { barProgress, logProgress } from './progress.ts'
import { run } from './run.ts'
import { loadInfluxConfig } from './settings.ts'

/** A batch takes well below a second; a database that needs longer than this has stopped. */
const WRITE_TIMEOUT_MS = 10_000
const PROGRAM = 'the generator'

/** The command `generate`: ends the process. @param args what follows its name */
export async function generate (args: readonly string[]): Promise<never> {
  const options = orFailStart(PROGRAM, () => parseArguments(args))
  if (options === 'help') {
    process.stdout.write(USAGE)
    process.exit(0)
  }
  loadEnvFile(PROGRAM)
  const config = orFailStart(PROGRAM, () => loadInfluxConfig(process.env))

  const bar = process.stdout.isTTY && process.stderr.isTTY ? await barProgress(process.stderr) : null
  const { logger: log, flush } = await openLog(config.LOG_LEVEL, { beforeLine: () => bar?.clear() })
  setLogger({
    error: (detail) => log.error({ event: 'influxdb_client', detail }, 'the InfluxDB client says'),
    warn: (detail) => log.warn({ event: 'influxdb_client', detail }, 'the InfluxDB client says')
  })
  const { INFLUXDB_URL: url, INFLUXDB_TOKEN: token, INFLUXDB_QUERY_LANGUAGE: queryLanguage, INFLUXDB_BUCKET: bucket } = config
  const authorities = config.INFLUXDB_CA_FILE === undefined ? undefined : readAuthorities(config.INFLUXDB_CA_FILE)
  const connection = new InfluxConnection({ url, token, queryLanguage, authorities, timeoutMs: WRITE_TIMEOUT_MS })
  const names = {
    measurement: config.INFLUXDB_MEASUREMENT,
    field: config.INFLUXDB_FIELD,
    popTag: config.INFLUXDB_POP_TAG,
    functionTag: config.INFLUXDB_FUNCTION_TAG
  }
  log.info({ event: 'target', url, queryLanguage, bucket, ...names }, 'simulated samples go into InfluxDB')

  const complete = await run(options, {
    names,
    write: influxWrite(config, connection, log),
    abort: () => { void connection.close() },
    stop: stopOnSignals(log),
    progress: bar ?? logProgress(log),
    clock: systemClock,
    random: Math.random,
    log
  })
  await connection.close()
  await flush(FLUSH_TIMEOUT_MS)
  process.exit(complete ? 0 : 1)
}

/** The first signal stops, a second one ends the process at once. */
function stopOnSignals (log: Logger): AbortSignal {
  const controller = new AbortController()
  let firstAt = 0
  const onSignal = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      if (performance.now() - firstAt > SAME_KEY_PRESS_MS) process.exit(1)
      return
    }
    firstAt = performance.now()
    log.info({ event: 'stopping', signal }, 'stopping, what is buffered is written first')
    controller.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
  return controller.signal
}
