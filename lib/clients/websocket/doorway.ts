import type { Cancel, Clock } from '../../clock.ts'
import { TokenError } from '../../auth/verifier.ts'
import type { Grant } from '../../auth/grant.ts'
import { ClientMessageError, parseClientMessage, type AuthMessage } from '../../protocol/client-messages.ts'
import { closeCodes, type CloseCode } from '../../protocol/close-codes.ts'
import { authConfirmed } from '../conversation.ts'
import { errorMessage, type ServerMessage } from '../../protocol/server-messages.ts'

/** So long a client may take to say who it is. */
export const AUTH_WITHIN_MS = 10_000
/** What is sent before that, and is refused, is answered so often. */
const MAX_REFUSALS = 10
/** What comes behind an `auth` while that is looked at. */
const MAX_BEHIND = 64

/** A `WebSocket` of ws. */
export interface DoorSocket {
  on (event: 'message', listener: (data: Buffer, isBinary: boolean) => void): unknown
  on (event: 'ping', listener: (data: Buffer) => void): unknown
  on (event: 'close' | 'error', listener: () => void): unknown
  removeAllListeners (event: 'message' | 'ping' | 'close' | 'error'): unknown
  emit (event: 'message', data: Buffer, isBinary: boolean): boolean
  send (text: string, options: { compress: false }): void
  pong (data: Buffer): void
  pause (): void
  resume (): void
  close (code: number, reason: string): void
}

export interface DoorwayOptions {
  clock: Clock
  verify: (token: string) => Promise<Grant>
  /** What threw. */
  onDefect: (error: unknown) => void
}

interface Visitor {
  socket: DoorSocket
  cancel: Cancel
  refusals: number
  /** What came behind an `auth` that is being looked at; null while none is. */
  behind: Array<[Buffer, boolean]> | null
  enter: (grant: Grant) => void
}

/** WebSockets whose client has not said yet who it is: they are told nothing of the feed, and are no clients. */
export class Doorway {
  readonly #options: DoorwayOptions
  readonly #visitors = new Set<Visitor>()

  constructor (options: DoorwayOptions) {
    this.#options = options
  }

  get size (): number {
    return this.#visitors.size
  }

  /** Waits for an `auth`. @param enter takes the socket over, which has no listeners then */
  wait (socket: DoorSocket, enter: Visitor['enter']): void {
    const cancel = this.#options.clock.schedule(() => this.#dismiss(visitor, closeCodes.unauthorized), AUTH_WITHIN_MS)
    const visitor: Visitor = { socket, cancel, refusals: 0, behind: null, enter }
    this.#visitors.add(visitor)
    socket.on('message', (data, isBinary) => this.#take(visitor, data, isBinary))
    socket.on('ping', (data) => socket.pong(data))
    socket.on('error', () => {})
    socket.on('close', () => this.#forget(visitor))
    say(socket, { type: 'auth_required', withinMs: AUTH_WITHIN_MS })
  }

  /** Tells a client whose token was refused so: of a refused upgrade a page would not learn why. */
  static refuse (socket: DoorSocket): void {
    socket.on('error', () => {})
    socket.close(closeCodes.unauthorized.code, closeCodes.unauthorized.reason)
  }

  /** The server goes. */
  dismissAll (): void {
    for (const visitor of [...this.#visitors]) this.#dismiss(visitor, closeCodes.goingAway)
  }

  #take (visitor: Visitor, data: Buffer, isBinary: boolean): void {
    // Of one that is told to go nothing is looked at any more.
    if (!this.#visitors.has(visitor)) return
    const { behind } = visitor
    if (behind !== null) {
      if (behind.push([data, isBinary]) > MAX_BEHIND) this.#dismiss(visitor, closeCodes.rate)
      return
    }
    const auth = this.#authOf(visitor, data, isBinary)
    if (auth === null) return
    visitor.behind = []
    visitor.socket.pause()
    this.#options.verify(auth.token).then(
      (grant) => this.#enter(visitor, grant, auth),
      (error: unknown) => this.#refuse(visitor, error)
    ).catch((error: unknown) => {
      this.#options.onDefect(error)
      this.#dismiss(visitor, closeCodes.internal)
    })
  }

  /** null: it is something else, which was answered. */
  #authOf (visitor: Visitor, data: Buffer, isBinary: boolean): AuthMessage | null {
    try {
      if (isBinary) throw new ClientMessageError('BAD_MESSAGE', 'binary messages are not understood, send JSON as text')
      const message = parseClientMessage(data.toString())
      if (message.type === 'auth') return message
      throw new ClientMessageError('UNAUTHORIZED', 'a token is wanted first: send an auth', message.id)
    } catch (error) {
      if (!(error instanceof ClientMessageError)) throw error
      this.#complain(visitor, error)
      return null
    }
  }

  #complain (visitor: Visitor, { code, message, id }: ClientMessageError): void {
    say(visitor.socket, errorMessage(code, message, this.#options.clock.now(), id === undefined ? {} : { id }))
    if (++visitor.refusals >= MAX_REFUSALS) this.#dismiss(visitor, closeCodes.unauthorized)
  }

  #enter (visitor: Visitor, grant: Grant, auth: AuthMessage): void {
    const { socket, behind, enter } = visitor
    // It may have gone meanwhile.
    if (!this.#visitors.has(visitor)) return
    this.#forget(visitor)
    for (const event of ['message', 'ping', 'close', 'error'] as const) socket.removeAllListeners(event)
    say(socket, authConfirmed(grant, this.#options.clock.now(), auth.id))
    enter(grant)
    for (const [data, isBinary] of behind ?? []) socket.emit('message', data, isBinary)
    socket.resume()
  }

  #refuse (visitor: Visitor, error: unknown): void {
    if (!(error instanceof TokenError)) throw error
    this.#dismiss(visitor, error.code === 'UNAUTHORIZED' ? closeCodes.unauthorized : closeCodes.authUnavailable)
  }

  #dismiss (visitor: Visitor, { code, reason }: CloseCode): void {
    this.#forget(visitor)
    visitor.socket.resume()
    visitor.socket.close(code, reason)
  }

  #forget (visitor: Visitor): void {
    visitor.cancel()
    this.#visitors.delete(visitor)
  }
}

function say (socket: DoorSocket, message: ServerMessage): void {
  socket.send(JSON.stringify(message), { compress: false })
}
