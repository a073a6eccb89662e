import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

interface Loaded {
  format: string
  source: string
  shortCircuit: true
}

type Next<Context, Result> = (url: string, context: Context) => Result

/**
 * A hook of Node's module loader (node:module, "Customization hooks"): reads a module at once, where the loader opens all that a
 * module imports before it reads the first.
 */
export function load<Context extends { format?: string | null | undefined }, Result> (
  url: string,
  context: Context,
  next: Next<Context, Result>
): Loaded | Result {
  if (!url.startsWith('file:') || context.format !== 'module') return next(url, context)
  return { format: 'module', source: readFileSync(fileURLToPath(url), 'utf8'), shortCircuit: true }
}
