import type { Page } from 'playwright-core'

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
  // The number may be there before anything was painted.
  const painted = await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? false)
  return { firstPaintMs: Number(await painted.jsonValue()), firstNumberMs: Number(await first.jsonValue()) }
}

/** What an update of the feed takes of the main thread, ms of CPU: scripts, style, layout and paint. */
export interface TickCosts {
  /** The longest task of each: for so long the page answers nobody. Sorted. */
  readonly longest: number[]
  /** All of it, and whatever else the page did from one update to the next. Sorted. */
  readonly whole: number[]
}

interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  /** When it began, microseconds. */
  readonly ts: number
  /** CPU that it took, microseconds. */
  readonly tdur?: number
}

const TASK = 'RunTask'
const UPDATE = 'popcast-update'
const CATEGORIES = ['-*', 'disabled-by-default-devtools.timeline', 'blink.user_timing']

/** Of `count` updates, each from when the footer tells of it until it tells of the next. */
export async function tickCosts (page: Page, count: number): Promise<TickCosts> {
  const browser = page.context().browser()!
  let seq = await nextSeq(page, '')
  await browser.startTracing(page, { categories: CATEGORIES })
  for (let tick = 0; tick <= count; tick++) seq = await nextSeq(page, seq)
  const { traceEvents } = JSON.parse(String(await browser.stopTracing())) as { traceEvents: TraceEvent[] }
  const updates = traceEvents.filter(({ name, ph }) => name === UPDATE && ph !== 'E')
  const { pid, tid } = updates[0]!
  const tasks = traceEvents.filter((event) => event.name === TASK && event.pid === pid && event.tid === tid)
  const times = updates.map(({ ts }) => ts)
  const costs = times.slice(1).map((end, index) => tasks
    .filter(({ ts }) => ts >= times[index]! && ts < end)
    .map(({ tdur = 0 }) => tdur / 1_000))
  return {
    longest: costs.map((tasks) => Math.max(0, ...tasks)).sort(ascending),
    whole: costs.map((tasks) => tasks.reduce((sum, ms) => sum + ms, 0)).sort(ascending)
  }
}

function ascending (one: number, other: number): number {
  return one - other
}

/** Resolves when the footer tells of another update than `seq`. Watches for it: to look at each frame would make the frames. */
export async function nextSeq (page: Page, seq: string): Promise<string> {
  return page.evaluate(([before, mark]) => new Promise<string>((resolve) => {
    const { document, MutationObserver } = globalThis as unknown as PageGlobals
    const observer = new MutationObserver(look)
    observer.observe(document, { subtree: true, childList: true, characterData: true })
    look()

    function look (): void {
      const now = /seq \d+/.exec(document.querySelector('.footer')?.textContent ?? '')?.[0] ?? before
      if (now === before) return
      observer.disconnect()
      performance.mark(mark)
      resolve(now)
    }
  }), [seq, UPDATE] as const)
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
