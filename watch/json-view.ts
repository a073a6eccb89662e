import type { ConnectionState, PopcastEvents } from '../client/index.ts'
import type { Output } from './output.ts'
import type { Session } from './session.ts'
import type { View } from './view.ts'

type Message = PopcastEvents['message']

/** What a terminal might take for a command, or what is invisible: in JSON it can be written otherwise, and says the same. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029]|\p{Cf}/gu

export function jsonLine (message: object): string {
  return JSON.stringify(message).replace(UNSAFE, (text) =>
    Array.from({ length: text.length }, (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`).join('')
  )
}

/** What is told of the connection, beside what the server says: its types begin with `watch_`. */
export function ownLine (type: 'connection' | 'freshness' | 'error' | 'dropped', fields: object): string {
  return jsonLine({ type: `watch_${type}`, at: new Date().toISOString(), ...fields })
}

/** Each message of the feed as the server said it, but for answers to our own pings and alerts of other PoPs. */
export function jsonView ({ client, selection, gate }: Session, output: Output): View {
  const write = (message: object) => output.line(jsonLine(message))
  let told: string | null = null
  const tellFreshness = () => {
    const { state, ageMs, dataTime, sourceError } = client.freshness()
    told = sourceError?.code ?? null
    output.line(ownLine('freshness', { state, ageMs: ageMs && Math.round(ageMs), dataTime, source: told }))
  }
  const writers: Record<string, (message: Message) => void> = {
    pong () {},
    alert (message) {
      const { pop } = message.data as { pop: string }
      gate.pass([pop], () => { if (selection.has(pop)) write(message) })
    },
    open_alerts (message) {
      const { alerts } = message.data as { alerts: Array<{ pop: string }> }
      gate.pass(alerts.map(({ pop }) => pop), () => {
        write(selection.isAll ? message : { ...message, data: { alerts: alerts.filter(({ pop }) => selection.has(pop)) } })
      })
    }
  }
  return {
    start () {
      client.on('message', (message) => {
        const { type } = message
        ;(Object.hasOwn(writers, type) ? writers[type]! : write)(message)
        // Why it is stale may be told after that it is.
        if ((client.freshness().sourceError?.code ?? null) !== told) tellFreshness()
      })
      client.on('connection', (state) => {
        // That we leave is nothing that somebody has to be told.
        if (state.name !== 'idle') output.line(ownLine('connection', written(state)))
      })
      client.on('freshness', tellFreshness)
      client.on('error', ({ code, serverCode, message }) => output.line(ownLine('error', { code, serverCode, message })))
    },
    summary () {},
    restore () {}
  }
}

/** What is known of a state of the connection, as JSON. */
function written ({ name: state, ...facts }: ConnectionState): object {
  return {
    state,
    ...facts,
    // Counted as people do it: this one, or the next one, is the first.
    ...'attempt' in facts && { attempt: facts.attempt + 1 },
    ...'retryAt' in facts && { retryAt: new Date(facts.retryAt).toISOString() },
    ...'cause' in facts && { cause: { code: facts.cause.code, closeCode: facts.cause.closeCode, message: facts.cause.message } }
  }
}
