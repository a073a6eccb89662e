import { join } from 'node:path'
import t from 'tap'
import { openBlank, skipWithoutChromium as skip } from '../support/chromium.ts'
import { violationsOf } from '../support/axe.ts'
import { complaintsOf, FAST, saying } from '../support/real-page.ts'
import { portOf, startService } from '../support/service.ts'
import { AUDIENCE, named, SECRET, sign, unsigned } from '../support/tokens.ts'

t.test('a page without a token asks for one, says when it is not valid, and goes on with the right one', { skip }, async (t) => {
  const { tokens, text } = named({ wall: '' })
  const AUTH_TOKENS_FILE = join(t.testdir({ tokens: text }), 'tokens')
  const port = await portOf(startService(t, { ...FAST, AUTH: 'token', AUTH_TOKENS_FILE }))
  const page = await openBlank(t)
  const complaints = complaintsOf(page)
  await page.goto(`http://127.0.0.1:${port}/?pop=fra1`)
  const dialog = page.getByRole('dialog', { name: 'A token is wanted' })
  await dialog.getByText('only to those who have a token').waitFor()
  await saying(page, /^STOPPED$/)
  t.equal(await page.locator('.tiles.look-live').count(), 0)
  t.strictSame(await violationsOf(page), [])

  await dialog.getByRole('textbox').or(dialog.getByLabel('Token')).fill('hunter2')
  await page.keyboard.press('Enter')
  await dialog.getByText('The token is not valid').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Give a token' }).click()
  await dialog.getByLabel('Token').fill(` ${tokens.wall} `)
  await dialog.getByRole('button', { name: 'Connect' }).click()
  await saying(page, /^LIVE$/)
  // What is asked over HTTP comes with it as well.
  await page.locator('.detail').getByText(/usual|compared|samples/i).first().waitFor()
  t.notMatch(page.url(), tokens.wall)

  await page.reload()
  await saying(page, /^LIVE$/)
  t.strictSame(complaints.filter((complaint) => !complaint.includes('401')), [])
})

t.test('a JSON Web Token that is expired or forged is asked for again', { skip }, async (t) => {
  const JWT_KEY_FILE = join(t.testdir({ secret: SECRET }), 'secret')
  const port = await portOf(startService(t, { ...FAST, AUTH: 'jwt', JWT_KEY_FILE, JWT_AUDIENCE: AUDIENCE }))
  const page = await openBlank(t)
  await page.goto(`http://127.0.0.1:${port}/`)
  const dialog = page.getByRole('dialog', { name: 'A token is wanted' })
  const expired = await sign({ claims: { exp: Math.floor(Date.now() / 1_000) - 1 } })
  const forged = [await sign({ key: Buffer.alloc(32, 1) }), await sign({ claims: { aud: 'grafana' } }), unsigned()]
  for (const token of [expired, ...forged]) {
    const tried = page.waitForEvent('websocket')
    await dialog.getByLabel('Token').fill(token)
    await dialog.getByRole('button', { name: 'Connect' }).click()
    const socket = await tried
    if (!socket.isClosed()) await socket.waitForEvent('close')
    await dialog.getByText('The token is not valid').waitFor()
    t.equal(await page.locator('.tiles.look-live').count(), 0)
  }
  await dialog.getByLabel('Token').fill(await sign())
  await dialog.getByRole('button', { name: 'Connect' }).click()
  await saying(page, /^LIVE$/)
})
