/**
 * What the page costs a browser: npm run bench:page [-- --loads 10 --ticks 60 --heap-ticks 1000]
 * Chromium, headless, on loopback: sizes, first paint and first number, the main thread per update of 2,000 PoPs, memory.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium, type Browser, type Page } from 'playwright-core'
import { chromiumArguments, executablePath } from '../test/support/chromium.ts'
import { firstPaintOf, heapBytes, markFirstNumber, nextSeq, quantile, tickCosts } from '../test/support/page-cost.ts'
import { portOf, startService } from '../test/support/service.ts'

const { values } = parseArgs({
  options: {
    loads: { type: 'string', default: '10' },
    ticks: { type: 'string', default: '60' },
    'heap-ticks': { type: 'string', default: '1000' }
  }
})
const ends: Array<() => void> = []
const t = { teardown: (end: () => void) => { ends.push(end) } }
const browser = await chromium.launch({ executablePath, headless: true, args: chromiumArguments })

sizes()
for (const pops of [20, 2_000]) await loads(browser, pops, Number(values.loads))
await ticks(browser, Number(values.ticks))
await heap(browser, Number(values['heap-ticks']))
await browser.close()
for (const end of ends) end()

function sizes (): void {
  const folder = fileURLToPath(new URL('../page/', import.meta.url))
  const bytes = (name: string) => statSync(`${folder}${name}`).size
  const assets = readdirSync(folder).filter((name) => /\.(js|css)$/.test(name))
  for (const name of assets) {
    console.log(`${name}: ${bytes(name)} bytes, ${bytes(`${name}.gz`)} gzip, ${bytes(`${name}.br`)} brotli`)
  }
  const html = readFileSync(`${folder}index.html`).length
  const sum = (ending: string) => assets.reduce((total, name) => total + bytes(`${name}${ending}`), 0)
  console.log(`together: ${sum('.gz')} gzip, ${sum('.br')} brotli, and ${html} of HTML`)
}

async function open (browser: Browser, env: Record<string, string>): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await page.goto(`http://127.0.0.1:${await portOf(startService(t, env))}/`)
  return page
}

async function loads (browser: Browser, pops: number, count: number): Promise<void> {
  const port = await portOf(startService(t, { DEMO_POPS: String(pops), POLL: 'always' }))
  const paints: number[] = []
  const numbers: number[] = []
  for (let load = 0; load <= count; load++) {
    const context = await browser.newContext()
    const page = await context.newPage()
    await markFirstNumber(page)
    await page.goto(`http://127.0.0.1:${port}/`)
    const { firstPaintMs, firstNumberMs } = await firstPaintOf(page)
    await context.close()
    // The first one warms the server and the browser up.
    if (load === 0) continue
    paints.push(firstPaintMs)
    numbers.push(firstNumberMs)
  }
  console.log(`${pops} PoPs, ${count} loads: first paint ${spread(paints)}, first number ${spread(numbers)}`)
}

async function ticks (browser: Browser, count: number): Promise<void> {
  const page = await open(browser, { DEMO_POPS: '2000', BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: '900' })
  console.log(`2,000 PoPs, ${count} updates: CPU of the main thread ${spread(await tickCosts(page, count))} per update`)
  await page.context().close()
}

async function heap (browser: Browser, count: number): Promise<void> {
  const page = await open(browser, { DEMO_POPS: '2000', BROADCAST_INTERVAL_MS: '200', QUERY_TIMEOUT_MS: '190' })
  let seq = await nextSeq(page, '')
  const after: string[] = []
  for (let tick = 1; tick <= count; tick++) {
    seq = await nextSeq(page, seq)
    if (tick === 100 || tick === count) after.push(`${(await heapBytes(page) / 2 ** 20).toFixed(1)} MiB after ${tick}`)
  }
  console.log(`2,000 PoPs: heap ${after.join(', ')} updates`)
  await page.context().close()
}

function spread (times: number[]): string {
  const sorted = times.sort((a, b) => a - b)
  return `${quantile(sorted, 0.5).toFixed(1)} ms (p50), ${quantile(sorted, 0.95).toFixed(1)} ms (p95)`
}
