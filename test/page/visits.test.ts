import type { Page } from 'playwright-core'
import t from 'tap'
import { skipWithoutChromium } from '../support/chromium.ts'
import { openScripted } from '../support/scripted-page.ts'

const skip = skipWithoutChromium
const sheetOf = (page: Page) => page.locator('aside.detail')
const lengthOf = (page: Page) => page.evaluate<number>('history.length')
const isFull = (page: Page) => page.evaluate<boolean>('document.fullscreenElement !== null')

t.test('what is opened and closed leaves nothing behind for Back', { skip }, async (t) => {
  const { page, pass } = await openScripted(t, { search: '?view=table' })
  const entries = await lengthOf(page)
  const close = [
    () => page.keyboard.press('Escape'),
    () => page.getByRole('button', { name: 'Close fra1' }).click(),
    () => page.goBack()
  ]
  for (const way of [...close, ...close]) {
    await page.locator('.attention [data-code=fra1]').click()
    await sheetOf(page).waitFor()
    t.match(page.url(), /pop=fra1/)
    t.equal(await lengthOf(page), entries + 1)
    await way()
    await sheetOf(page).waitFor({ state: 'detached' })
    await page.waitForURL((url) => !url.search.includes('pop='))
  }
  await page.goForward()
  await sheetOf(page).waitFor()
  // Now the browser's entry is the second one, and what is done there holds also after it was left.
  await page.keyboard.press('[')
  await page.keyboard.press('t')
  await pass(50)
  await page.keyboard.press('Escape')
  await page.waitForURL(/\?view=table&window=15m&theme=dark$/)
  t.equal(await page.locator('html').getAttribute('data-theme'), 'dark')
  await page.goBack()
  t.equal(page.url(), 'about:blank', 'one step further it leaves the page')
})

t.test('what a link opened is closed without leaving the page', { skip }, async (t) => {
  const { page } = await openScripted(t, { search: '?pop=fra1' })
  const entries = await lengthOf(page)
  await page.keyboard.press('Escape')
  await sheetOf(page).waitFor({ state: 'detached' })
  await page.waitForURL((url) => url.search === '')
  t.equal(await lengthOf(page), entries)
})

t.test('a kiosk is left by Back, and with it full screen', { skip }, async (t) => {
  const { page } = await openScripted(t)
  const kiosk = page.locator('html.is-kiosk')
  await page.keyboard.press('f')
  await kiosk.waitFor()
  await page.waitForFunction('document.fullscreenElement !== null')
  await page.goBack()
  await kiosk.waitFor({ state: 'detached' })
  await page.waitForFunction('document.fullscreenElement === null')
  t.notMatch(page.url(), /kiosk/)
  t.ok(await page.locator('.footer .actions').isVisible())

  await page.keyboard.press('f')
  await kiosk.waitFor()
  await page.locator('.attention [data-code=fra1]').click()
  await sheetOf(page).waitFor()
  await page.keyboard.press('f')
  await kiosk.waitFor({ state: 'detached' })
  await page.waitForURL((url) => url.search === '?pop=fra1')
  t.ok(await sheetOf(page).isVisible(), 'what was opened in it stays')
  await page.goBack()
  await sheetOf(page).waitFor({ state: 'detached' })
  t.notOk(await kiosk.count())
  t.notOk(await isFull(page))
})
