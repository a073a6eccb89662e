import type { Cancel, Clock } from '../../clock.ts'
import { TokenError } from '../../auth/verifier.ts'
import type { Grant } from '../../auth/grant.ts'
import { binaryMessageError, ClientMessageError, parseClientMessage, type AuthMessage } from '../../protocol/client-messages.ts'
import { closeCodes, type CloseCode } from '../../protocol/close-codes.ts'
import { authConfirmed, refusalOf } from '../conversation.ts'
import type { ServerMessage } from '../../protocol/server-messages.ts'

/** So long a client may take to say who it is. */
export const AUTH_WITHIN_MS = 10_000
/** What is sent before that is answered so often, pings as well. */
const MAX_ANSWERS = 10
/** What comes behind an `auth` while that is looked at. */
const MAX_BEHIND = 64
/** Who is shown out has so long to read why. */
const GOODBYE_MS = 1_000

/** A `WebSocket` of ws. */
export interface DoorSocket {
  on (event: 'message', listener: (data: Buffer, isBinary: boolean) => void): unknown
  on (event: 'ping', listener: (data: Buffer) => void): unknown
  on (event: 'close' | 'error', listener: () => void): unknown
  removeAllListeners (event: 'message' | 'ping' | 'close'): unknown
  emit (event: 'message', data: Buffer, isBinary: boolean): boolean
  send (text: string, options: { compress: false }): void
  pong (data: Buffer): void
  pause (): void
  resume (): void
  close (code: number, reason: string): void
  terminate (): void
}

export type DoorRefusal = 'UNAUTHORIZED' | 'AUTH_UNAVAILABLE' | 'OVER_CAPACITY' | 'RATE_LIMITED'

/** How who is refused is closed. */
const CLOSES = {
  UNAUTHORIZED: closeCodes.unauthorized,
  AUTH_UNAVAILABLE: closeCodes.authUnavailable,
  OVER_CAPACITY: closeCodes.overCapacity,
  RATE_LIMITED: closeCodes.rate
} as const satisfies Record<DoorRefusal, CloseCode>

export interface DoorwayOptions {
  clock: Clock
  verify: (token: string) => Promise<Grant>
  /** So many may wait. */
  limit: number
  /** Whether there is room for one more client. */
  hasRoom: () => boolean
  /** Somebody was not let in. @param ip of whom */
  onRefused: (reason: DoorRefusal, ip: string, detail: string) => void
  /** What threw. */
  onDefect: (error: unknown) => void
}

interface Visitor {
  socket: DoorSocket
  ip: string
  cancel: Cancel
  answers: number
  /** It is told to go. */
  isDismissed: boolean
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

  /** Those that are told to go as well, until they have. */
  get size (): number {
    return this.#visitors.size
  }

  get isFull (): boolean {
    return this.size >= this.#options.limit
  }

  /** Waits for an `auth`. @param enter takes the socket over, which has no listeners then but for its errors */
  wait (socket: DoorSocket, ip: string, enter: Visitor['enter']): void {
    const visitor = this.#receive(socket, ip, enter)
    visitor.cancel = this.#options.clock.schedule(() => this.#refuse(visitor, 'UNAUTHORIZED', 'no token in time'), AUTH_WITHIN_MS)
    socket.on('message', (data, isBinary) => this.#take(visitor, data, isBinary))
    socket.on('ping', (data) => { if (this.#mayAnswer(visitor)) socket.pong(data) })
    say(socket, { type: 'auth_required', withinMs: AUTH_WITHIN_MS })
  }

  /** Tells a client whose token was refused so: of a refused upgrade a page would not learn why. */
  refuse (socket: DoorSocket, ip: string): void {
    this.#dismiss(this.#receive(socket, ip, () => {}), closeCodes.unauthorized)
  }

  /** The server goes. @param goodbye what each is told of it */
  dismissAll (goodbye: () => ServerMessage): void {
    for (const visitor of [...this.#visitors]) {
      if (!visitor.isDismissed) say(visitor.socket, goodbye())
      this.#dismiss(visitor, closeCodes.goingAway)
    }
  }

  #receive (socket: DoorSocket, ip: string, enter: Visitor['enter']): Visitor {
    const visitor: Visitor = { socket, ip, cancel: () => {}, answers: 0, isDismissed: false, behind: null, enter }
    this.#visitors.add(visitor)
    socket.on('error', () => {})
    socket.on('close', () => this.#forget(visitor))
    return visitor
  }

  #take (visitor: Visitor, data: Buffer, isBinary: boolean): void {
    // Of one that is told to go nothing is looked at any more.
    if (visitor.isDismissed) return
    const { behind } = visitor
    if (behind !== null) {
      if (behind.push([data, isBinary]) > MAX_BEHIND) this.#refuse(visitor, 'RATE_LIMITED', 'too many messages behind an auth')
      return
    }
    const auth = this.#authOf(visitor, data, isBinary)
    if (auth === null) return
    // However long it takes to look at, it came in time.
    visitor.cancel()
    visitor.behind = []
    visitor.socket.pause()
    this.#options.verify(auth.token).then(
      (grant) => this.#enter(visitor, grant, auth),
      (error: unknown) => this.#notLetIn(visitor, error)
    ).catch((error: unknown) => {
      this.#options.onDefect(error)
      this.#dismiss(visitor, closeCodes.internal)
    })
  }

  /** null: it is something else, which was answered. */
  #authOf (visitor: Visitor, data: Buffer, isBinary: boolean): AuthMessage | null {
    try {
      if (isBinary) throw binaryMessageError()
      const message = parseClientMessage(data.toString())
      if (message.type === 'auth') return message
      throw new ClientMessageError('UNAUTHORIZED', 'a token is wanted first: send an auth', message.id)
    } catch (error) {
      if (!(error instanceof ClientMessageError)) throw error
      if (this.#mayAnswer(visitor)) say(visitor.socket, refusalOf(error, this.#options.clock.now()))
      return null
    }
  }

  /** One who asks without end is not a client that waits for its token. */
  #mayAnswer (visitor: Visitor): boolean {
    if (visitor.isDismissed) return false
    if (++visitor.answers <= MAX_ANSWERS) return true
    this.#refuse(visitor, 'UNAUTHORIZED', 'other messages than an auth')
    return false
  }

  #enter (visitor: Visitor, grant: Grant, auth: AuthMessage): void {
    const { socket, behind, enter } = visitor
    // It may have gone meanwhile.
    if (!this.#visitors.has(visitor) || visitor.isDismissed) return
    if (!this.#options.hasRoom()) return this.#refuse(visitor, 'OVER_CAPACITY', 'there is no room')
    const confirmation = authConfirmed(grant, this.#options.clock.now(), auth.id)
    this.#forget(visitor)
    // Not those of errors: there is one at any time, or a bad frame would end the process.
    for (const event of ['message', 'ping', 'close'] as const) socket.removeAllListeners(event)
    say(socket, confirmation)
    enter(grant)
    // Before what came behind is looked at: that may pause it again.
    socket.resume()
    for (const [data, isBinary] of behind ?? []) socket.emit('message', data, isBinary)
  }

  #notLetIn (visitor: Visitor, error: unknown): void {
    if (!(error instanceof TokenError)) throw error
    this.#refuse(visitor, error.code, error.message)
  }

  #refuse (visitor: Visitor, reason: DoorRefusal, detail: string): void {
    if (!visitor.isDismissed && this.#visitors.has(visitor)) this.#options.onRefused(reason, visitor.ip, detail)
    this.#dismiss(visitor, CLOSES[reason])
  }

  #dismiss (visitor: Visitor, { code, reason }: CloseCode): void {
    if (visitor.isDismissed || !this.#visitors.has(visitor)) return
    const { socket, cancel } = visitor
    cancel()
    visitor.isDismissed = true
    visitor.cancel = this.#options.clock.schedule(() => socket.terminate(), GOODBYE_MS)
    socket.resume()
    socket.close(code, reason)
  }

  #forget (visitor: Visitor): void {
    visitor.cancel()
    this.#visitors.delete(visitor)
  }
}

function say (socket: DoorSocket, message: ServerMessage): void {
  socket.send(JSON.stringify(message), { compress: false })
}
