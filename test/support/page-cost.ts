import type { CDPSession, Page } from 'playwright-core'

/** What a page costs from when it is asked for, ms. */
export interface FirstPaint {
  readonly firstPaintMs: number
  /** From the navigation to the first number that is known. */
  readonly firstNumberMs: number
}

const MARK_FIRST_NUMBER = `
  const observer = new MutationObserver(() => {
    if (!/\\d/.test(document.querySelector('.tile b')?.textContent ?? '')) return
    globalThis.popcastFirstNumberAt = performance.now()
    observer.disconnect()
  })
  observer.observe(document, { subtree: true, childList: true, characterData: true })
`
/** What a page has, which the tests are not compiled with. */
interface PageGlobals {
  readonly document: { querySelector (selector: string): { readonly textContent: string } | null }
  readonly MutationObserver: new (onChange: () => void) => {
    observe (target: object, options: { subtree: boolean, childList: boolean, characterData: boolean }): void
    disconnect (): void
  }
  readonly popcastFirstNumberAt?: number
}

/** To be called before the page goes anywhere. */
export async function markFirstNumber (page: Page): Promise<void> {
  await page.addInitScript(MARK_FIRST_NUMBER)
}

export async function firstPaintOf (page: Page): Promise<FirstPaint> {
  const first = await page.waitForFunction(() => (globalThis as unknown as PageGlobals).popcastFirstNumberAt ?? false)
  const firstPaintMs = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN)
  return { firstPaintMs, firstNumberMs: Number(await first.jsonValue()) }
}

/**
 * CPU that the main thread took for each of `count` updates of the feed, ms, sorted: scripts, style, layout and paint, and
 * whatever else the page did from one update to the next.
 */
export async function tickCosts (page: Page, count: number): Promise<number[]> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Performance.enable')
  const costs: number[] = []
  let seq = await nextSeq(page, '')
  let before = await busyMs(devtools)
  for (let tick = 0; tick < count; tick++) {
    seq = await nextSeq(page, seq)
    const now = await busyMs(devtools)
    costs.push(now - before)
    before = now
  }
  await devtools.detach()
  return costs.sort((a, b) => a - b)
}

/** Resolves when the footer tells of another update than `seq`. Watches for it: to look at each frame would make the frames. */
export async function nextSeq (page: Page, seq: string): Promise<string> {
  return page.evaluate((before) => new Promise<string>((resolve) => {
    const { document, MutationObserver } = globalThis as unknown as PageGlobals
    const observer = new MutationObserver(look)
    observer.observe(document, { subtree: true, childList: true, characterData: true })
    look()

    function look (): void {
      const now = /seq \d+/.exec(document.querySelector('.footer')?.textContent ?? '')?.[0] ?? before
      if (now === before) return
      observer.disconnect()
      resolve(now)
    }
  }), seq)
}

export async function heapBytes (page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('HeapProfiler.collectGarbage')
  const { usedSize } = await devtools.send('Runtime.getHeapUsage')
  await devtools.detach()
  return usedSize
}

/** The value that `share` of the sorted ones do not exceed. */
export function quantile (sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] as number
}

async function busyMs (devtools: CDPSession): Promise<number> {
  const { metrics } = await devtools.send('Performance.getMetrics')
  return (metrics.find(({ name }) => name === 'ThreadTime')?.value ?? Number.NaN) * 1_000
}
