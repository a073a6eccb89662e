import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import type { Pop } from '../../client/types.ts'
import type { Look } from '../../web/state/look.ts'
import { openPage } from './chromium.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const { landPath } = await import(new URL('../../../scripts/land.js', import.meta.url).href) as { landPath: () => string }

/** As WorldMap's, of which those that are missing are those of a quiet moment. */
export interface ShownMap {
  pops?: readonly Pop[]
  look?: Look
  asOf?: string | null
  selected?: string | null
  simulated?: boolean
  isEmpty?: boolean
  overviewWindowMs?: number | null
}

/** Keeps what was selected in `window.told`, and counts the changes of the document that the last `show` made. */
const entry = `
  import { render } from 'preact'
  import { WorldMap } from './web/view/world-map.tsx'
  const quiet = {
    pops: [], look: 'live', asOf: null, selected: null, simulated: false, isEmpty: false, overviewWindowMs: 600_000,
    onSelect: (code) => { window.told.push(code) }, onNoLocation: () => { window.told.push('no location') }
  }
  const app = document.querySelector('main')
  const changes = new MutationObserver(() => {})
  changes.observe(app, { subtree: true, childList: true, attributes: true })
  window.told = []
  window.show = (props) => {
    changes.takeRecords()
    render(<WorldMap {...quiet} {...props} />, app)
    return changes.takeRecords().length
  }
`

const html = `<!doctype html><html lang="en"><title>map</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="map.css">
<script src="axe.js"></script><script type="module" src="map.js"></script><main></main></html>`
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:"

/** The map alone, in a browser, under the policy of the page. */
export async function openMap (t: Test): Promise<{ page: Page, show: (map: ShownMap) => Promise<number> }> {
  const script = { contents: entry, resolveDir: root, loader: 'tsx', sourcefile: 'map-page.tsx' } as const
  const options = { bundle: true, write: false, outdir: '/', absWorkingDir: root, logLevel: 'warning' } as const
  const define = { LAND_PATH: JSON.stringify(landPath()) }
  const [js, css] = await Promise.all([
    build({ ...options, stdin: script, format: 'esm', jsx: 'automatic', jsxImportSource: 'preact', define }),
    build({ ...options, entryPoints: ['web/style.css'] })
  ])
  const files: Record<string, [type: string, contents: string | Uint8Array]> = {
    '/': ['text/html', html],
    '/map.js': ['text/javascript', js.outputFiles[0]?.contents ?? ''],
    '/map.css': ['text/css', css.outputFiles[0]?.contents ?? ''],
    '/axe.js': ['text/javascript', readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'))]
  }
  const server = createServer(({ url }, response) => {
    const [type, contents] = files[url as string] ?? []
    if (type === undefined) return response.writeHead(404).end()
    return response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(contents)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const page = await openPage(t, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  page.on('pageerror', (error) => t.fail(error.message))
  page.on('console', (message) => { if (message.type() === 'error') t.fail(message.text()) })
  await page.waitForFunction(() => 'show' in globalThis)
  return { page, show: (map) => page.evaluate(`window.show(${JSON.stringify(map)})`) }
}
