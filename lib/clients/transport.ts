import type { Encoding } from '../feed/shared-message.ts'
import type { CloseCode } from '../protocol/close-codes.ts'
import type { ServerMessage } from '../protocol/server-messages.ts'

/** From the request that opened the connection. */
export interface ClientInfo {
  userAgent: string
  ip: string
}

/** How a client is connected. */
export const transportKinds = ['websocket', 'sse'] as const
export type TransportKind = typeof transportKinds[number]

/** The way to one client, whatever the bytes look like on it. What cannot be done throws; nobody but a `Connection` calls it. */
export interface Transport {
  readonly kind: TransportKind
  /** Of what is sent to many. */
  readonly encoding: Encoding
  /** What asks the client for a sign of life. */
  readonly ping: Buffer
  /** Whether the client can give one. */
  readonly answersPings: boolean
  readonly isOpen: boolean
  /** Bytes that wait in this process for the client to read. The kernel holds some megabytes more before any wait here. */
  readonly bufferedBytes: number
  /** What was written last has not left this process yet. */
  readonly isDraining: boolean
  /** A message for this client alone. */
  encode (message: ServerMessage): Buffer
  write (bytes: Buffer): void
  /** Runs `write` so that all that it writes leaves in one piece. */
  inOnePiece <T> (write: () => T): T
  /** Calls `listener` once, when nothing waits any more. */
  onceDrained (listener: () => void): void
  /** Tells the client why and waits for it to go, so long as the transport allows. */
  close (code: CloseCode): void
  /** Cuts it off. */
  terminate (): void
}
