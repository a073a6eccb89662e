import stringWidth from 'string-width'
import t from 'tap'
import { portOf, startService } from '../support/service.ts'
import { skipWithoutTmux, Terminal } from '../support/terminal.ts'
import { popcast } from '../support/watched-feed.ts'
import { followed, HEALTHY, SETTINGS, watching } from '../support/watching.ts'

t.test('in a terminal', { skip: skipWithoutTmux }, async (t) => {
  const port = await portOf(startService(t, SETTINGS))

  t.test('resized, narrow', async (t) => {
    const terminal = await followed(t, port)
    for (const [columns, rows] of [[40, 12], [20, 10], [132, 50], [80, 24]] as const) {
      terminal.resize(columns, rows)
      const isRoomy = rows >= 12
      const lines = await terminal.until((screen) => {
        const shown = screen.split('\n')
        const isWhole = screen.startsWith('(o) LIVE') && HEALTHY.test(screen)
        return shown.length === rows && isWhole && shown.at(-1)!.startsWith('popcast') === isRoomy
      })
      for (const line of lines) t.ok(stringWidth(line) <= columns, `${columns}: ${line}`)
    }
  })

  t.test('colours, and none with NO_COLOR', async (t) => {
    const terminal = await followed(t, port)
    const inColour = await terminal.screen(true)
    t.match(inColour[0], '\u001b[')
    const colourless = watching(t, port, { env: { NO_COLOR: '1' } })
    await colourless.until((screen) => screen.startsWith('(o) LIVE'))
    t.notMatch((await colourless.screen(true)).join('\n'), '\u001b')
  })

  for (const { name, keys, left } of [{ name: 'Ctrl-C', keys: ['C-c'], left: 130 }, { name: 'q', keys: ['x', 'q'], left: 0 }]) {
    t.test(`${name} leaves the terminal as it was`, async (t) => {
      const terminal = await followed(t, port)
      terminal.press(...keys)
      const lines = await terminal.until((screen) => screen.includes('as it was'))
      t.strictSame(lines.slice(0, 4), ['before', `left ${left}`, 'as it was', ''])
      t.strictSame(await terminal.modes(), { alternateScreen: false, cursor: true, wrap: true })
    })
  }

  t.test('Ctrl-Z leaves it too, and it is drawn anew afterwards', async (t) => {
    const terminal = new Terminal(t, 'PS1=ready sh -i', { columns: 80, rows: 24 })
    await terminal.until((screen) => screen.includes('ready'))
    terminal.press(`"'${process.execPath}' '${popcast}' watch 127.0.0.1:${port}"`, 'Enter')
    await terminal.until((screen) => screen.startsWith('(o) LIVE'))
    terminal.press('C-z')
    await terminal.until((screen) => /ready$/.test(screen.trimEnd()))
    t.strictSame(await terminal.modes(), { alternateScreen: false, cursor: true, wrap: true })
    terminal.press('fg', 'Enter')
    await terminal.until((screen) => screen.startsWith('(o) LIVE'))
    t.match(await terminal.modes(), { alternateScreen: true, cursor: false })
  })

  t.test('a filter, and a PoP that is none', async (t) => {
    const terminal = await followed(t, port, { args: '--pops fra1,xxx9' })
    const lines = await terminal.until((screen) => screen.includes('/1 healthy'))
    t.match(lines.join('\n'), '[?] no such PoP reports: xxx9')
    t.match(lines.join('\n'), /^fra1, xxx9: {2}[01]\/1 healthy/m)
  })

  t.test('a terminal that moves no cursor gets lines', async (t) => {
    const command = `TERM=dumb '${process.execPath}' '${popcast}' watch 127.0.0.1:${port}`
    const dumb = new Terminal(t, command, { columns: 100, rows: 9 })
    await dumb.until((screen) => /^\d{4}-.*Z LIVE SIMULATED \d+\/20 healthy/m.test(screen))
    t.match(await dumb.modes(), { alternateScreen: false, cursor: true })
  })
})
