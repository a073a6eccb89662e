import type { ReadStream, WriteStream } from 'node:tty'
import { frame } from './frame.ts'
import { concernLines } from './lines.ts'
import type { Output } from './output.ts'
import { Screen } from './screen.ts'
import type { Session } from './session.ts'
import { coloured, plain } from './style.ts'
import type { View } from './view.ts'

/** Ages and countdowns go on without a message. */
const DRAW_EVERY_MS = 1_000
/** Where a terminal does not say: the size of a VT100. */
const DEFAULT_COLUMNS = 80
const DEFAULT_ROWS = 24

export interface Terminal {
  readonly stdout: WriteStream
  readonly stdin: ReadStream
  /** Ctrl-C; a terminal that hands on keys sends no signal. */
  interrupt (): void
  quit (): void
}

/** One screen that is drawn anew with each change, each second, and when the size changes. */
export function screenView (session: Session, { stdout, stdin, interrupt, quit }: Terminal, output: Output): View {
  const screen = new Screen((text) => stdout.write(text))
  const style = stdout.hasColors() ? coloured : plain
  const draw = () => {
    const columns = stdout.columns || DEFAULT_COLUMNS
    screen.draw(frame(session.state(), columns, stdout.rows || DEFAULT_ROWS, style), columns)
  }
  const redraw = () => {
    screen.forget()
    draw()
  }
  // What is typed is not echoed into the picture.
  const listenToKeys = (isOn: boolean) => { if (stdin.isTTY) stdin.setRawMode(isOn) }
  const open = () => {
    listenToKeys(true)
    screen.open()
    draw()
  }
  const restore = () => {
    listenToKeys(false)
    screen.close()
  }
  const keys: Record<string, () => void> = {
    '\u0003': interrupt,
    '\u000c': redraw,
    // The whole group, as the terminal does it: who has started us stops too.
    '\u001a': () => process.kill(0, 'SIGTSTP'),
    q: quit
  }
  const pressed = (typed: string) => {
    // An arrow or another key of several characters is none of ours.
    if (!typed.startsWith('\u001b')) for (const key of typed) keys[key]?.()
  }
  return {
    start () {
      session.client.on('change', draw)
      setInterval(draw, DRAW_EVERY_MS)
      stdout.on('resize', redraw)
      process.on('SIGTSTP', () => {
        restore()
        process.kill(process.pid, 'SIGSTOP')
      })
      process.on('SIGCONT', open)
      // It is gone with its terminal, of which a signal tells.
      stdin.on('error', () => {})
      if (stdin.isTTY) stdin.setEncoding('utf8').on('data', (typed: string) => pressed(typed))
      open()
    },
    summary () {
      restore()
      for (const line of concernLines(session.state())) output.line(line)
    },
    restore
  }
}
