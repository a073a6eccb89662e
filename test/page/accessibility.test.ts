import t from 'tap'
import { violationsOf } from '../support/axe.ts'
import { skipWithoutChromium } from '../support/chromium.ts'
import { openScripted, type Script } from '../support/scripted-page.ts'

const others: Array<Script & { name: string, keys?: string }> = [
  { name: 'phone', viewport: { width: 360, height: 740 } },
  { name: 'phone, map', viewport: { width: 360, height: 740 }, search: '?view=map' },
  { name: 'phone, timeline', viewport: { width: 360, height: 740 }, search: '?view=timeline' },
  { name: 'phone, table', viewport: { width: 360, height: 740 }, search: '?view=table' },
  { name: 'phone, drill-down', viewport: { width: 360, height: 740 }, search: '?pop=fra1' },
  { name: 'kiosk', search: '?kiosk=1' },
  { name: 'help', keys: '?' },
  { name: 'forced colours', forcedColors: 'active' },
  { name: 'more contrast', contrast: 'more' },
  { name: 'reduced motion', reducedMotion: 'reduce' }
]
for (const { name, keys, ...script } of others) {
  t.test(`axe finds nothing: ${name}`, { skip: skipWithoutChromium }, async (t) => {
    const { page, pass } = await openScripted(t, script)
    if (keys !== undefined) await page.keyboard.press(keys)
    await pass(100)
    t.strictSame(await violationsOf(page), [])
  })
}
