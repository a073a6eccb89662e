import t from 'tap'
import { skipWithoutChromium as skip } from '../support/chromium.ts'
import { FAST, looking, opened, saying } from '../support/real-page.ts'
import { portOf, startService } from '../support/service.ts'

t.test('a server that is killed: never live again until another one is', { skip }, async (t) => {
  const { page, service, port, complaints } = await opened(t)
  const epoch = /epoch \w+/
  const before = epoch.exec(await page.locator('.footer').innerText())?.[0]
  service.child.kill('SIGKILL')
  await saying(page, /^RECONNECTING$/)
  await looking(page, 'old')
  t.match(await page.title(), /reconnecting/)
  t.ok(await page.locator('.world-map[data-look=old]').count())

  await portOf(startService(t, { ...FAST, PORT: String(port) }))
  await saying(page, /^LIVE$/)
  await looking(page, 'live')
  t.not(epoch.exec(await page.locator('.footer').innerText())?.[0], before, 'it is what the new one says')
  t.strictSame(complaints, [])
})

t.test('a server that stands still: late, then old, and live when it goes on', { skip }, async (t) => {
  const { page, service, complaints } = await opened(t)
  service.child.kill('SIGSTOP')
  await saying(page, /^LATE$/)
  await looking(page, 'old')
  service.child.kill('SIGCONT')
  await saying(page, /^LIVE$/)
  await looking(page, 'live')
  t.strictSame(complaints, [])
})

t.test('a server that shuts down says when it will be back', { skip }, async (t) => {
  const { page, service, port } = await opened(t)
  service.child.kill('SIGTERM')
  await saying(page, /^(SERVER RESTARTING|RECONNECTING)$/)
  await service.exit
  await portOf(startService(t, { ...FAST, PORT: String(port) }))
  await saying(page, /^LIVE$/)
})
