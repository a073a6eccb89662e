import type { ServerMessage } from '../../lib/protocol/server-messages.ts'
import type { Position } from '../../lib/feed/update-log.ts'

/** What one message meant to a client. */
export type Heard =
  | { what: 'update', epoch: string, seq: number, skipped: number, replay: boolean }
  | { what: 'alert', epoch: string, tickSeq: number, id: string, state: string, replay: boolean }
  | { what: 'begin', recovered: boolean }

/**
 * A client that does what PROTOCOL.md says, and nothing more: it knows the server from its messages alone. It is handed one
 * message at a time; what it was not handed it has never seen.
 */
export class ReferenceClient {
  position: Position | null = null
  /** By id, as last told. */
  readonly alerts = new Map<string, object>()
  readonly heard: Heard[] = []

  handle (message: ServerMessage): void {
    switch (message.type) {
      case 'welcome':
        // Without a position nothing is claimed to be recovered; with one, the confirmation says.
        if (this.position === null) this.heard.push({ what: 'begin', recovered: false })
        break
      case 'subscription_confirmed':
        if (message.recovered !== undefined) this.heard.push({ what: 'begin', recovered: message.recovered })
        break
      case 'metrics_update':
        this.heard.push({
          what: 'update',
          epoch: message.epoch,
          seq: message.seq,
          skipped: message.skipped ?? 0,
          replay: message.replay ?? false
        })
        break
      case 'alert': {
        const { data: { id, state }, epoch, tickSeq, replay = false } = message
        if (state === 'resolved') this.alerts.delete(id)
        else this.alerts.set(id, message.data)
        this.heard.push({ what: 'alert', epoch, tickSeq, id, state, replay })
        break
      }
      case 'open_alerts':
        this.alerts.clear()
        for (const alert of message.data.alerts) this.alerts.set(alert.id, alert)
    }
    this.#move(message)
  }

  /** PROTOCOL.md, Position, rule 1. */
  #move (message: ServerMessage): void {
    if (!('epoch' in message)) return
    const { type, epoch, seq } = message
    const sets = type === 'welcome' || type === 'subscription_confirmed' || epoch !== this.position?.epoch
    this.position = { epoch, seq: sets ? seq : Math.max(seq, this.position?.seq ?? 0) }
  }
}
