import { spawn, spawnSync } from 'node:child_process'
import { once, EventEmitter } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Teardown } from './service.ts'

const tmux = process.env.TEST_TMUX ?? 'tmux'

/** Why there is no terminal for the tests, or null. `TEST_REQUIRE_TMUX` makes its absence a failure instead. */
export const tmuxMissing = spawnSync(tmux, ['-V']).error === undefined ? null : 'no tmux (package tmux, or TEST_TMUX)'

/** For tap's `skip`. */
export const skipWithoutTmux = process.env.TEST_REQUIRE_TMUX === undefined && tmuxMissing !== null ? tmuxMissing : false

interface Size {
  columns: number
  rows: number
}

/** A real terminal: tmux in its control mode, which tells when something is written, and what then is on the screen. */
export class Terminal {
  readonly #events = new EventEmitter()
  readonly #ask: (command: string) => void
  /** Of the commands that are not answered yet, in order. */
  readonly #waiting: Array<(lines: string[]) => void> = []

  /** @param command what runs in it, for sh */
  constructor (t: Teardown, command: string, { columns, rows, env = {} }: Size & { env?: NodeJS.ProcessEnv }) {
    if (tmuxMissing !== null) throw new Error(tmuxMissing)
    const folder = mkdtempSync(join(tmpdir(), 'tmux-'))
    const socket = join(folder, 'socket')
    const args = ['-S', socket, '-f', '/dev/null', '-u', '-C', 'new-session', '-x', String(columns), '-y', String(rows), command]
    const child = spawn(tmux, args, { env: { PATH: process.env.PATH, HOME: '/', SHELL: '/bin/sh', ...env } })
    t.teardown(async () => {
      spawnSync(tmux, ['-S', socket, 'kill-server'])
      if (child.exitCode === null) await once(child, 'exit')
      rmSync(folder, { recursive: true })
    })
    this.#ask = (text) => { child.stdin.write(`${text}\n`) }
    this.#read(createInterface(child.stdout))
    // The answer to new-session itself.
    this.#waiting.push(() => {})
    this.resize(columns, rows)
  }

  #read (lines: NodeJS.EventEmitter): void {
    let answer: string[] | null = null
    lines.on('line', (line: string) => {
      if (/^%(end|error) /.test(line)) {
        this.#waiting.shift()?.(answer ?? [])
        answer = null
      } else if (answer !== null) answer.push(line)
      else if (line.startsWith('%begin ')) answer = []
      else if (line.startsWith('%output ')) this.#events.emit('output')
    })
  }

  command (text: string): Promise<string[]> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#ask(text)
    })
  }

  /** The lines that are shown. @param inColour with their escape sequences */
  screen (inColour = false): Promise<string[]> {
    return this.command(`capture-pane -p${inColour ? ' -e' : ''}`)
  }

  /** The first screen, now or later, of which it is true. */
  async until (where: (screen: string) => boolean): Promise<string[]> {
    for (;;) {
      const written = once(this.#events, 'output')
      const lines = await this.screen()
      if (where(lines.join('\n'))) return lines
      await written
    }
  }

  resize (columns: number, rows: number): void {
    void this.command(`resize-window -x ${columns} -y ${rows}`)
  }

  /** @param keys as tmux names them: `C-c`, `q` */
  press (...keys: string[]): void {
    void this.command(`send-keys ${keys.join(' ')}`)
  }

  /** Whether it is as a program that draws no screen finds it. */
  async modes (): Promise<{ alternateScreen: boolean, cursor: boolean, wrap: boolean }> {
    const [line = ''] = await this.command("display-message -p '#{alternate_on} #{cursor_flag} #{wrap_flag}'")
    const [alternateScreen, cursor, wrap] = line.split(' ').map((flag) => flag === '1')
    return { alternateScreen: alternateScreen!, cursor: cursor!, wrap: wrap! }
  }
}
