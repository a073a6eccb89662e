import t from 'tap'
import { portOf, startService, type Service, type Teardown } from '../support/service.ts'
import { skipWithoutTmux } from '../support/terminal.ts'
import { followed, HEALTHY, SETTINGS } from '../support/watching.ts'

/** With a server to which something may happen. */
async function following (t: Teardown) {
  const service = startService(t, SETTINGS)
  const port = await portOf(service)
  return { service, port, terminal: await followed(t, port) }
}

const again = async (t: Teardown, port: number): Promise<Service> => {
  const service = startService(t, { ...SETTINGS, PORT: String(port) })
  await portOf(service)
  return service
}

t.test('in a terminal', { skip: skipWithoutTmux }, async (t) => {
  t.test('live, killed, and live again', async (t) => {
    const { service, port, terminal } = await following(t)
    // What is told first may be of before somebody asked, when nothing was due.
    const live = await terminal.until((screen) => HEALTHY.test(screen) && /^.* next in /.test(screen))
    t.match(live[0], /^\(o\) LIVE {2}SIMULATED {2}data [\d.]+ s old {2}next in \d s {2}\d\d:\d\d:\d\dZ$/)
    t.match(live[2], /^\d+\/20 healthy {2}\d+ regressed {2}0 silent {2}\d+\.\d+ ms mean$/)
    t.match(live[23], /^popcast \d+\.\d+\.\d+ {2}ws:\/\/127\.0\.0\.1:\d+\/ws {2}q quits$/)
    t.strictSame(await terminal.modes(), { alternateScreen: true, cursor: false, wrap: false })

    service.child.kill('SIGKILL')
    const cut = await terminal.until((screen) => screen.startsWith('(~) RECONNECTING'))
    t.match(cut.join('\n'), /(next try in \d+ s|trying now) {2}\(try \d+\)/)
    t.match(cut.join('\n'), HEALTHY)
    const old = await terminal.until((screen) => /STALE: data/.test(screen))
    t.match(old[0], /^\(~\) RECONNECTING/)
    t.match(old.join('\n'), /^as of \d\d:\d\d:\d\dZ {2}\d+\/20 healthy/m)
    t.match(old.join('\n'), /(nothing needed attention|NEEDS ATTENTION \d+) {2}as of/)

    await again(t, port)
    const back = await terminal.until((screen) => screen.startsWith('(o) LIVE'))
    t.notMatch(back.join('\n'), 'as of')
  })

  t.test('a server that hangs: late, then stale', async (t) => {
    const { service, terminal } = await following(t)
    service.child.kill('SIGSTOP')
    t.match((await terminal.until((screen) => screen.startsWith('( ) LATE')))[0], /update overdue [\d.]+ s/)
    t.match((await terminal.until((screen) => screen.includes('STALE'))).join('\n'), /^as of .* healthy/m)
    service.child.kill('SIGCONT')
    await terminal.until((screen) => screen.startsWith('(o) LIVE'))
  })

  t.test('a server that is stopped says so', async (t) => {
    const { service, terminal } = await following(t)
    service.child.kill('SIGTERM')
    await terminal.until((screen) => /^\(~\) (SERVER RESTARTING|RECONNECTING)/.test(screen))
  })
})
