import type { PopcastOptions } from '../client/index.ts'
import { parseArguments, USAGE, type WatchOptions } from './arguments.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'
import { jsonView, ownLine } from './json-view.ts'
import { Output } from './output.ts'
import { plainView, summaryView } from './plain-view.ts'
import { screenView } from './screen-view.ts'
import { Session } from './session.ts'
import { clean } from './text.ts'
import { TOKEN_VARIABLE, tokenOptions } from './token.ts'
import { UsageError } from './usage-error.ts'
import { noData, verdictOf, type Verdict } from './verdict.ts'
import type { View } from './view.ts'
import { stamp } from './words.ts'

/** So long the last lines may take. */
const FLUSH_TIMEOUT_MS = 500
/** An hour, of a server that asks every second. */
const HISTORY_POINTS = 3_600

const { stdout, stderr, stdin } = process

/** The command `watch`: ends the process, with one of the exit codes. @param args what follows its name */
export async function watch (args: readonly string[]): Promise<void> {
  const read = readArguments(args)
  if (read === null) return
  const { options, token } = read
  const isScreen = stdout.isTTY && process.env.TERM !== 'dumb' && !options.json && !options.once
  const session = new Session(options, {
    ...await network(), ...token, delta: !options.json, history: isScreen ? HISTORY_POINTS : 0
  })
  const output = new Output(stdout, (lines) =>
    options.json ? ownLine('dropped', { lines }) : `${stamp(Date.now())} ${lines} lines were dropped: they were not read in time`
  )
  const end = (code: ExitCode, message: string | null = null) => {
    view.restore()
    if (message !== null) say(message)
    void session.client.close()
    void output.flush(FLUSH_TIMEOUT_MS).then(() => process.exit(code))
  }
  const terminal = { stdout, stdin, interrupt: () => end(exitCodes.SIGINT), quit: () => end(exitCodes.fine) }
  const view = options.json
    ? jsonView(session, output)
    : options.once ? summaryView(session, output) : isScreen ? screenView(session, terminal, output) : plainView(session, output)
  endWith(view, end)
  view.start()
  // Before it is judged: what fits no PoP explains that there is no data.
  if (!isScreen) nameUnfit(session)
  judge(session, options, isScreen, ({ code, message }) => {
    if (code !== exitCodes.noData) view.summary()
    end(code, message)
  })
  session.client.connect()
}

function readArguments (args: readonly string[]): { options: WatchOptions, token: Pick<PopcastOptions, 'token'> } | null {
  try {
    const options = parseArguments(args)
    if (options !== 'help') return { options, token: tokenOptions(options.tokenFile, process.env[TOKEN_VARIABLE]) }
    stdout.write(USAGE)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    say(`${error.message}\npopcast watch --help says more`)
    process.exitCode = exitCodes.usage
  }
  return null
}

/** Node 20 has no WebSocket of its own. */
async function network (): Promise<PopcastOptions> {
  return {
    ...'WebSocket' in globalThis ? {} : { WebSocket: (await import('ws')).WebSocket },
    // Why it failed is one level below "fetch failed".
    fetch: (url, init) => fetch(url, init).catch((error: { cause?: { errors?: unknown[] } }) => {
      throw error.cause?.errors?.[0] ?? error.cause ?? error
    })
  }
}

/** Ends when what is known is enough to, or when the time is up; once. */
function judge (session: Session, options: WatchOptions, isScreen: boolean, finish: (verdict: Verdict) => void): void {
  const { client } = session
  // A screen goes on to say why it has stopped.
  const staysWhenStopped = isScreen && !options.failOnRegression
  const timer = options.once
    ? setTimeout(() => {
      off()
      finish(noData(session.state(), options.timeoutMs))
    }, options.timeoutMs)
    : undefined
  const look = () => {
    const verdict = verdictOf(options, session.state(), session.arePopsKnown)
    if (verdict === null || (verdict.code === exitCodes.noData && staysWhenStopped)) return
    off()
    clearTimeout(timer)
    finish(verdict)
  }
  const off = client.on('change', look)
}

/** Signals, a reader that has gone, a defect: whatever comes, the terminal is left as it was. */
function endWith (view: View, end: (code: ExitCode, message?: string) => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end(exitCodes[signal]))
  stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? exitCodes.SIGPIPE : exitCodes.SIGHUP))
  stderr.on('error', () => {})
  process.on('uncaughtException', (error) => {
    view.restore()
    stderr.write(`popcast watch: ${error.stack}\n`)
    process.exit(exitCodes.defect)
  })
  process.on('exit', () => view.restore())
}

/** What fits no PoP is likely a slip of the pen. */
function nameUnfit (session: Session): void {
  const off = session.client.on('change', () => {
    const { unfit, overview } = session.state()
    if (overview === null || unfit.length === 0) return
    off()
    say(unfit.join('; '))
  })
}

function say (text: string): void {
  stderr.write(`popcast watch: ${text.split('\n').map((line) => clean(line, Infinity)).join('\n')}\n`)
}
