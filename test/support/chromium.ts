import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

const executablePath = process.env.TEST_CHROMIUM ?? '/usr/bin/chromium'
// It talks to nobody but the page's own server.
const ARGUMENTS = [
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

/** A page of a real browser at `url`; it is closed with the test. @param keepsPages with the back/forward cache */
export async function openPage (t: Test, url: string, { keepsPages = false } = {}): Promise<Page> {
  if (chromiumMissing !== null) throw new Error(chromiumMissing)
  const profile = mkdtempSync(join(tmpdir(), 'popcast-chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: ARGUMENTS,
    ...keepsPages && { ignoreDefaultArgs: ['--disable-back-forward-cache'] }
  })
  t.teardown(async () => {
    await context.close()
    rmSync(profile, { recursive: true, force: true })
  })
  const page = await context.newPage()
  await page.goto(url)
  return page
}
