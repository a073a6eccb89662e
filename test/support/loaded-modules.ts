import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startService, type Service, type Teardown } from './service.ts'

/** Runs in Node's own thread for loading: writes down what is imported. */
const HOOKS = `
import { appendFileSync } from 'node:fs'
let file
export function initialize (path) { file = path }
export async function resolve (specifier, context, next) {
  const resolved = await next(specifier, context)
  appendFileSync(file, resolved.url + '\\n')
  return resolved
}`

const dataUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`

/** The real service, and a way to ask which modules were imported so far, by URL. */
export function startWatched (t: Teardown, env: Record<string, string>): { service: Service, loaded: () => string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'popcast-loaded-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'urls')
  const begin = `
import { register } from 'node:module'
register(${JSON.stringify(dataUrl(HOOKS))}, { data: ${JSON.stringify(file)} })`
  const service = startService(t, env, ['--import', dataUrl(begin)])
  return { service, loaded: () => readFileSync(file, 'utf8').trimEnd().split('\n') }
}
