import t from 'tap'
import { build } from '../support/app.ts'
import { openBlank, skipWithoutChromium } from '../support/chromium.ts'
import { pop, popsUpdate } from '../support/feed-messages.ts'
import { greeting, openScripted } from '../support/scripted-page.ts'

const skip = skipWithoutChromium

for (const reducedMotion of ['no-preference', 'reduce'] as const) {
  t.test(`a script that does not come: after a while it is said, motion ${reducedMotion}`, { skip }, async (t) => {
    const { port } = await build(t)
    const page = await openBlank(t, { reducedMotion })
    await page.route('**/*.js', (route) => route.abort())
    await page.goto(`http://127.0.0.1:${port}/?pop=fra1`)
    const notice = page.getByRole('alert')
    t.match(await page.locator('.headline').innerText(), 'CONNECTING')
    t.equal(await notice.count(), 0, 'not at once, since it may be under way')
    const at = (ms: number) => page.evaluate(`(() => {
      const [animation] = document.querySelector('.unloaded').getAnimations()
      animation.pause()
      animation.currentTime = ${ms}
    })()`)
    await at(9_999)
    t.equal(await notice.count(), 0)
    await at(10_002)
    t.match(await notice.innerText(), 'could not be loaded')
    await page.unroute('**/*.js')
    await notice.getByText('Load it again').click()
    await page.locator('.footer').waitFor()
    t.match(page.url(), /\?pop=fra1$/, 'the same place')
    t.equal(await notice.count(), 0)
  })
}

t.test('without scripts it is said once, and at once', { skip }, async (t) => {
  const { port } = await build(t)
  const page = await openBlank(t, { javaScriptEnabled: false })
  await page.goto(`http://127.0.0.1:${port}/`)
  t.strictSame(await page.locator('.notice:visible').count(), 1)
  t.match(await page.locator('.notice:visible').innerText(), 'needs JavaScript')
})

for (const colorScheme of ['dark', 'light'] as const) {
  t.test(`more contrast is seen, ${colorScheme}`, { skip }, async (t) => {
    const { page } = await openScripted(t, { colorScheme })
    const of = (selector: string) => page.evaluate(`(() => {
      const { backgroundColor, borderTopColor, borderTopWidth } = getComputedStyle(document.querySelector('${selector}'))
      const [ground, muted] = ['body', '.facts'].map((other) => getComputedStyle(document.querySelector(other)))
      const page = getComputedStyle(document.documentElement).backgroundColor
      return { isGround: backgroundColor === page, isMuted: borderTopColor === muted.color, borderTopWidth }
    })()`)
    const parts = ['.tile', '.pane-map > .panel', '.pane-chart > .panel']
    for (const part of parts) t.match(await of(part), { isGround: false, isMuted: false, borderTopWidth: '1px' }, part)
    await page.emulateMedia({ contrast: 'more' })
    for (const part of parts) t.match(await of(part), { isGround: true, isMuted: true, borderTopWidth: '2px' }, part)
  })
}

t.test('on paper the list and the table are whole, and on the screen they are as before', { skip }, async (t) => {
  const pops = Array.from({ length: 300 }, (_, index) => pop(`p${index}`, { healthy: false, coldStartMs: 11 }))
  const words = greeting().map((message) => 'type' in message && message.type === 'pops_update'
    ? popsUpdate({ seq: 1, data: { pops } })
    : message)
  const { page, pass } = await openScripted(t, { greeting: words })
  const rows = '[".attention li", ".pop-table tr[data-index]"].map((rows) => document.querySelectorAll(rows).length)'
  const [listed, shown] = await page.evaluate<number[]>(rows) as [number, number]
  t.ok(listed === 50 && shown < 100, `${listed} and ${shown}`)
  await page.evaluate(`addEventListener('beforeprint', () => { window.printed = ${rows} })`)
  // Something waits for the next frame: the fake clock lets none pass.
  await page.keyboard.press('p')
  await page.pdf()
  t.strictSame(await page.evaluate('window.printed'), [300, 300])
  await pass(100)
  t.strictSame(await page.evaluate(rows), [listed, shown])
})
