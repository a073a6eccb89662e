import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { skipWithoutChromium } from '../support/chromium.ts'
import { states } from '../support/page-states.ts'
import { openScripted } from '../support/scripted-page.ts'

/** What a screen reader is told in each state, word for word. UPDATE_SNAPSHOTS=1 writes them anew: read the difference. */
const FOLDER = fileURLToPath(new URL('../../../test/fixtures/page/', import.meta.url))

for (const { name, then, title, headline, look, ...script } of states) {
  t.test(name, { skip: skipWithoutChromium }, async (t) => {
    const scripted = await openScripted(t, script)
    const { page, complaints, pass } = scripted
    await then?.(scripted)
    await pass(50)
    const words = await page.locator('.headline > *').allInnerTexts()
    t.match(words.join(' '), headline)
    t.match(await page.title(), title)
    t.equal(await page.locator('.tiles').getAttribute('class'), `tiles look-${look}`, 'and the numbers look so')
    // How often it has tried is not the page's time alone.
    const told = await page.locator(/reconnecting|connected again/.test(name) ? 'main' : 'body').ariaSnapshot()
    compare(t, name, told)
    t.strictSame(complaints.filter((text) => !/WebSocket connection|Failed to load resource|net::ERR/.test(text)), [])
  })
}

function compare (t: Test, name: string, found: string): void {
  const file = `${FOLDER}${name.replace(/\W+/g, '-')}.aria.yml`
  if (process.env.UPDATE_SNAPSHOTS !== undefined) {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(file, `${found}\n`)
  }
  t.equal(`${found}\n`, readFileSync(file, 'utf8'), 'what a screen reader is told')
}
