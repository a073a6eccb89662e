/**
 * What the page costs a browser: npm run bench:page [-- --loads 10 --ticks 60 --heap-ticks 1000]
 * Chromium, headless, on loopback: sizes, first paint and first number, the main thread per update of 2,000 PoPs, memory.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium, type Page } from 'playwright-core'
import { chromiumArguments, executablePath } from '../test/support/chromium.ts'
import {
  firstPaintOf, heapBytes, markFirstNumber, nextSeq, quantile, tickCosts, type FirstPaint
} from '../test/support/page-cost.ts'
import { portOf, startService } from '../test/support/service.ts'

const { values } = parseArgs({
  options: {
    loads: { type: 'string', default: '10' },
    ticks: { type: 'string', default: '60' },
    'heap-ticks': { type: 'string', default: '1000' }
  }
})
const browser = await chromium.launch({ executablePath, headless: true, args: chromiumArguments })

try {
  sizes()
  for (const pops of [20, 2_000]) await loads(pops, Number(values.loads))
  await ticks(Number(values.ticks))
  await heap(Number(values['heap-ticks']))
} finally {
  await browser.close()
}

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

/** While it is measured, nothing else of ours runs: each service ends with what it is for, also where that fails. */
async function withService<Result> (env: Record<string, string>, measure: (address: string) => Promise<Result>): Promise<Result> {
  const ends: Array<() => void> = []
  const service = startService({ teardown: (end) => { ends.push(end) } }, env)
  try {
    return await measure(`http://127.0.0.1:${await portOf(service)}/`)
  } finally {
    for (const end of ends) end()
    await service.exit
  }
}

async function withPage<Result> (address: string, measure: (page: Page) => Promise<Result>): Promise<Result> {
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    await markFirstNumber(page)
    await page.goto(address)
    return await measure(page)
  } finally {
    await context.close()
  }
}

async function loads (pops: number, count: number): Promise<void> {
  const measured: FirstPaint[] = []
  await withService({ DEMO_POPS: String(pops), POLL: 'always' }, async (address) => {
    // The first one warms the server and the browser up.
    for (let load = 0; load <= count; load++) measured.push(await withPage(address, firstPaintOf))
  })
  const spreadOf = (name: keyof FirstPaint) => spread(measured.slice(1).map((load) => load[name]))
  console.log(`${pops} PoPs, ${count} loads: first paint ${spreadOf('firstPaintMs')}, first number ${spreadOf('firstNumberMs')}`)
}

async function ticks (count: number): Promise<void> {
  const env = { DEMO_POPS: '2000', BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: '900' }
  const { longest, whole } = await withService(env, (address) => withPage(address, (page) => tickCosts(page, count)))
  console.log(`2,000 PoPs, ${count} updates: CPU of the longest task of the main thread ${spread(longest)}`)
  console.log(`2,000 PoPs, ${count} updates: CPU of the main thread ${spread(whole)} per update`)
}

async function heap (count: number): Promise<void> {
  const env = { DEMO_POPS: '2000', BROADCAST_INTERVAL_MS: '200', QUERY_TIMEOUT_MS: '190' }
  const after = await withService(env, (address) => withPage(address, (page) => heapsOf(page, count)))
  console.log(`2,000 PoPs: heap ${after.join(', ')} updates`)
}

async function heapsOf (page: Page, count: number): Promise<string[]> {
  const after: string[] = []
  let seq = await nextSeq(page, '')
  for (let tick = 1; tick <= count; tick++) {
    seq = await nextSeq(page, seq)
    if (tick === 100 || tick === count) after.push(`${(await heapBytes(page) / 2 ** 20).toFixed(1)} MiB after ${tick}`)
  }
  return after
}

function spread (times: number[]): string {
  const sorted = times.sort((a, b) => a - b)
  return `${quantile(sorted, 0.5).toFixed(1)} ms (p50), ${quantile(sorted, 0.95).toFixed(1)} ms (p95)`
}
