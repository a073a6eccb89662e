import { createRequire } from 'node:module'

/** Of this package, as its package.json (one folder above the compiled file) says. */
export const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
