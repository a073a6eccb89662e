import { alertLine, concernLines, headlineLine, updateLine } from './lines.ts'
import { headline } from './headline.ts'
import type { Output } from './output.ts'
import type { Session } from './session.ts'
import type { WatchState } from './state.ts'
import type { View } from './view.ts'

/** A line per update, alert and turn of the connection. */
export function plainView (session: Session, output: Output): View {
  const { client, selection, gate } = session
  let shown = ''
  let isOver = false
  // Within one of these only the ages change.
  const turnOf = (state: WatchState) => {
    const { state: freshness, sourceError } = state.freshness
    return [headline(state).word, freshness === 'stale', sourceError?.code, tryOf(state)].join()
  }
  const turned = () => {
    const state = session.state()
    // That the connection ends with us is no turn of the feed.
    if (isOver || turnOf(state) === shown) return
    shown = turnOf(state)
    output.line(headlineLine(state))
  }
  return {
    start () {
      client.on('alert', ({ alert }) => gate.pass([alert.pop], () => {
        if (selection.has(alert.pop)) output.line(alertLine(alert, session.state()))
      }))
      client.on('message', ({ type }) => {
        if (type === 'error') turned()
        if (type !== 'pops_update') return
        const state = session.state()
        shown = turnOf(state)
        output.line(updateLine(state))
      })
      client.on('connection', turned)
      client.on('freshness', turned)
    },
    summary () {},
    restore () {
      isOver = true
    }
  }
}

/**
 * Each attempt is a turn, and so is the wait for it; for a server that has said when it is back there is a line of that. Of the
 * first one of all nothing is said but the word, which goes on to be true until there is something to tell.
 */
function tryOf ({ connection, server }: WatchState): string {
  const { name } = connection
  if (name === 'connecting') return server === null && connection.attempt === 0 ? '' : `${name} ${connection.attempt}`
  return name === 'waiting' && connection.cause.code !== 'SHUTDOWN' ? `${name} ${connection.attempt}` : ''
}

/** Once: what is true at the end, and what needs attention. */
export function summaryView (session: Session, output: Output): View {
  return {
    start () {},
    summary () {
      const state = session.state()
      for (const line of [updateLine(state), ...concernLines(state)]) output.line(line)
    },
    restore () {}
  }
}
