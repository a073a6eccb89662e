import t from 'tap'
import { skipWithoutChromium } from '../support/chromium.ts'
import { openScripted } from '../support/scripted-page.ts'

const skip = skipWithoutChromium

t.test('an arrow scrolls where the list ends', { skip }, async (t) => {
  const { page } = await openScripted(t)
  await page.evaluate('addEventListener("keydown", (event) => { globalThis.isTaken = event.defaultPrevented })')
  const press = async (key: string) => {
    await page.keyboard.press(key)
    return [await page.evaluate('document.activeElement.dataset.code'), await page.evaluate('isTaken')]
  }
  t.strictSame(await press('ArrowDown'), ['fra1', true])
  t.strictSame(await press('ArrowUp'), ['fra1', false])
  t.strictSame(await press('k'), ['fra1', false])
  for (const code of ['ams1', 'lhr2', 'gru1']) t.strictSame(await press('ArrowDown'), [code, true])
  t.strictSame(await press('ArrowDown'), ['gru1', false])
})

for (const { name, viewport, views } of [
  { name: 'a desk', viewport: { width: 1280, height: 500 }, views: { 3: '.pane-timeline', 2: '.pane-map', 1: '.pane-tiles' } },
  {
    name: 'a phone',
    viewport: { width: 360, height: 740 },
    views: { 4: '.pane-table', 3: '.pane-chart', 2: '.pane-map', 1: '.pane-tiles' }
  }
]) {
  t.test(`what is gone to is not under the strip: ${name}`, { skip }, async (t) => {
    const { page, pass } = await openScripted(t, { viewport })
    for (const [key, pane] of Object.entries(views).reverse()) {
      await page.keyboard.press(key)
      await pass(50)
      const [strip, shown] = [await page.locator('.strip').boundingBox(), await page.locator(pane).boundingBox()]
      t.ok(shown!.y >= strip!.y + strip!.height, `${pane} at ${shown?.y}, strip ends at ${strip!.y + strip!.height}`)
      t.ok(shown!.y < viewport.height / 2, 'and it is what is seen')
    }
  })
}

t.test('what has the focus is not under the strip either', { skip }, async (t) => {
  const { page } = await openScripted(t, { viewport: { width: 800, height: 400 } })
  await page.locator('.footer button').last().focus()
  for (let step = 0; step < 20; step++) {
    await page.keyboard.press('Shift+Tab')
    const strip = await page.locator('.strip').boundingBox()
    const focused = await page.evaluate<{ top: number, bottom: number, isFixed: boolean }>(`(() => {
      const { top, bottom } = document.activeElement.getBoundingClientRect()
      return { top, bottom, isFixed: document.activeElement.closest('.strip') !== null }
    })()`)
    t.ok(focused.isFixed || focused.bottom > strip!.y + strip!.height, JSON.stringify(focused))
  }
})
