import { loadConfig } from './config.ts'
import { loadEnvFile, openLog, orFailStart, PROGRAM } from './startup.ts'

loadEnvFile(PROGRAM)
const config = orFailStart(PROGRAM, () => loadConfig(process.env))
const output = await openLog(config.LOG_LEVEL)
// Nobody else needs any of it: neither a process by itself what starts others, nor who starts them a service.
if (config.WORKERS > 1) await (await import('./primary.ts')).runWorkers(config, output)
else await (await import('./service.ts')).serve(config, output)
