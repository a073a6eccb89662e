import type { Teardown } from './service.ts'
import { Terminal } from './terminal.ts'
import { popcast } from './watched-feed.ts'

/** Quick, so that what is late or stale is so soon. */
export const SETTINGS = { BROADCAST_INTERVAL_MS: '200', QUERY_TIMEOUT_MS: '150', DRAIN_DELAY_MS: '0' }

/** The simulated PoPs have incidents of their own. */
export const HEALTHY = /^\d+\/20 healthy/m

/** `watch` between something that was on the terminal before and a shell that says how it has ended. */
export function watching (t: Teardown, port: number, { columns = 80, rows = 24, args = '', env = {} } = {}): Terminal {
  const watch = `'${process.execPath}' '${popcast}' watch ${args} 127.0.0.1:${port}`
  const command = `sh -c "echo before; before=\\$(stty -g); ${watch}; echo left \\$?; ` +
    '[ \\"\\$before\\" = \\"\\$(stty -g)\\" ] && echo as it was; exec cat"'
  return new Terminal(t, command, { columns, rows, env })
}

/** Live. */
export async function followed (t: Teardown, port: number, options: Parameters<typeof watching>[2] = {}): Promise<Terminal> {
  const terminal = watching(t, port, options)
  await terminal.until((screen) => screen.startsWith('(o) LIVE'))
  return terminal
}
