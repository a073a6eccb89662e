/** Every exit code of `watch`; `--help` and docs/watch.md say the same. */
export const exitCodes = {
  fine: 0,
  /** --fail-on-regression. */
  regression: 1,
  usage: 2,
  /** Nothing true can be said: no connection, no data, old data, or none of the PoPs that were asked for. */
  noData: 3,
  /** EX_SOFTWARE of sysexits.h: a defect must not look like a regression. */
  defect: 70,
  /** 128 + the number of the signal, as a shell says it. */
  SIGHUP: 129,
  SIGINT: 130,
  /** Who read the output has gone. */
  SIGPIPE: 141,
  SIGTERM: 143
} as const

/** For `--help`. */
export const meanings: Record<keyof typeof exitCodes, string> = {
  fine: 'fine, or ended with q',
  regression: '--fail-on-regression, and a regression is open',
  usage: 'wrong arguments',
  noData: 'nothing to rely on: --once had no connection, no data, none of the PoPs that were asked for, or only late or\n' +
    '        stale data within --timeout; or the server has refused for good',
  defect: 'a defect of this program',
  SIGHUP: 'SIGHUP: the terminal has gone',
  SIGINT: 'SIGINT, Ctrl-C',
  SIGPIPE: 'who read the output has gone',
  SIGTERM: 'SIGTERM'
}

export type ExitCode = typeof exitCodes[keyof typeof exitCodes]
