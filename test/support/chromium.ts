import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContextOptions, type LaunchOptions, type Page } from 'playwright-core'
import type { Test } from 'tap'

export const executablePath = process.env.TEST_CHROMIUM ?? '/usr/bin/chromium'
// It talks to nobody but the page's own server.
export const chromiumArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]

/** Why there is no browser for the tests, or null. `TEST_REQUIRE_CHROMIUM` makes its absence a failure instead. */
export const chromiumMissing = existsSync(executablePath)
  ? null
  : `no Chromium at ${executablePath} (package chromium, or TEST_CHROMIUM)`

/** For tap's `skip`. */
export const skipWithoutChromium =
  process.env.TEST_REQUIRE_CHROMIUM === undefined && chromiumMissing !== null ? chromiumMissing : false

export interface PageOptions extends BrowserContextOptions {
  /** With the back/forward cache, in a browser of its own. */
  readonly keepsPages?: boolean
}

/** A page of a real browser at `url`; it is closed with the test. */
export async function openPage (t: Test, url: string, options: PageOptions = {}): Promise<Page> {
  const page = await openBlank(t, options)
  await page.goto(url)
  return page
}

/** The same before it goes anywhere. */
export async function openBlank (t: Test, { keepsPages = false, ...options }: PageOptions = {}): Promise<Page> {
  const browser = keepsPages ? await launch(t, { ignoreDefaultArgs: ['--disable-back-forward-cache'] }) : await browserOf(t)
  const context = await browser.newContext(options)
  t.teardown(() => context.close())
  return context.newPage()
}

let launched: Promise<Browser> | undefined

/** One for all tests of a file: each has a context of its own, which shares nothing. It is closed with the file. */
function browserOf (t: Test): Promise<Browser> {
  launched ??= launch(fileOf(t))
  return launched
}

async function launch (t: Nested, options: LaunchOptions = {}): Promise<Browser> {
  if (chromiumMissing !== null) throw new Error(chromiumMissing)
  const browser = await chromium.launch({ executablePath, headless: true, args: chromiumArguments, ...options })
  t.teardown(async () => {
    launched = undefined
    await browser.close()
  })
  return browser
}

/** What of a test is needed to find the one that is the file. */
interface Nested {
  readonly parent?: unknown
  teardown (end: () => Promise<void>): unknown
}

function fileOf (test: Nested): Nested {
  return test.parent === undefined ? test : fileOf(test.parent as Nested)
}
