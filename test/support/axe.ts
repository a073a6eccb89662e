import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import t from 'tap'
import { skipWithoutChromium } from './chromium.ts'
import { states } from './page-states.ts'
import { openScripted } from './scripted-page.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Violation { id: string, help: string, nodes: Array<{ html: string, failureSummary?: string }> }

/** What axe finds, in words. */
export async function violationsOf (page: Page): Promise<string[]> {
  // As the debugger does: the page's policy allows no script of others.
  await page.evaluate(axe)
  // It waits for timers itself.
  await page.clock.resume()
  const { violations } = await page.evaluate<{ violations: Violation[] }>('axe.run()')
  return violations.map(({ id, help, nodes }) => {
    return [`${id}: ${help}`, ...nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)].join('\n')
  })
}

/** A test of each state. */
export function testStates (colorScheme: 'dark' | 'light'): void {
  for (const { name, then, title, headline, look, ...script } of states) {
    t.test(`axe finds nothing: ${name}, ${colorScheme}`, { skip: skipWithoutChromium }, async (t) => {
      const scripted = await openScripted(t, { ...script, colorScheme })
      await then?.(scripted)
      t.strictSame(await violationsOf(scripted.page), [])
    })
  }
}
