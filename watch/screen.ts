import { widthOf } from './text.ts'

// ECMA-48 and xterm's control sequences (invisible-island.net/xterm/ctlseqs).
const ALTERNATE_SCREEN = '\u001b[?1049h'
const MAIN_SCREEN = '\u001b[?1049l'
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
/** A terminal that takes a character for wider than we do must not begin a line of its own. */
const NO_WRAP = '\u001b[?7l'
const WRAP = '\u001b[?7h'
const CLEAR = '\u001b[2J'
const CLEAR_TO_END_OF_LINE = '\u001b[K'
const NO_STYLE = '\u001b[0m'
const lineAt = (row: number) => `\u001b[${row};1H`

/** The only writer of the screen. What was on the terminal before is there again when it is closed. */
export class Screen {
  readonly #write: (text: string) => void
  /** null: what is there is not known. */
  #shown: readonly string[] | null = null
  #isOpen = false

  constructor (write: (text: string) => void) {
    this.#write = write
  }

  open (): void {
    if (this.#isOpen) return
    this.#isOpen = true
    this.#shown = null
    this.#write(ALTERNATE_SCREEN + HIDE_CURSOR + NO_WRAP)
  }

  /** Only the lines that are other ones are written: nothing flickers, nothing scrolls. */
  draw (lines: readonly string[], columns: number): void {
    if (!this.#isOpen) return
    const shown = this.#shown ?? []
    const rows = Math.max(lines.length, shown.length)
    let text = this.#shown === null ? CLEAR : ''
    for (let row = 0; row < rows; row++) {
      const line = lines[row] ?? ''
      if (line === (shown[row] ?? '')) continue
      // Behind a full line the cursor stands on its last character, which would be cleared.
      text += lineAt(row + 1) + line + (widthOf(line) < columns ? CLEAR_TO_END_OF_LINE : '')
    }
    this.#shown = lines
    if (text !== '') this.#write(text)
  }

  /** The next picture is drawn whole: the size has changed, or somebody else has written. */
  forget (): void {
    this.#shown = null
  }

  close (): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#write(NO_STYLE + WRAP + SHOW_CURSOR + MAIN_SCREEN)
  }
}
