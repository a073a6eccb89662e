import { EventEmitter } from 'node:events'
import type { ServerMessage } from '../../lib/protocol/server-messages.ts'
import type { SessionSocket, SessionStream } from '../../lib/clients/websocket/session.ts'

const OPEN = 1
const CLOSING = 2
const CLOSED = 3

/**
 * The two halves of a client's socket as ws shows them: what is written can be read back, and it can be made to
 * behave as a real one does at its worst.
 */
export class FakeSocket extends EventEmitter implements SessionSocket {
  readyState = OPEN
  closedWith: { code: number, reason: string } | null = null
  terminated = false
  paused = false
  readonly stream = new FakeStream()

  close (code: number, reason: string): void {
    this.readyState = CLOSING
    this.closedWith = { code, reason }
  }

  pause (): void {
    this.paused = true
  }

  resume (): void {
    this.paused = false
  }

  /** As ws does when the peer answered the close frame, or the connection broke. */
  finish (code = this.closedWith?.code ?? 1006): void {
    this.readyState = CLOSED
    this.emit('close', code, Buffer.from(this.closedWith?.reason ?? ''))
  }

  terminate (): void {
    this.terminated = true
    this.finish(1006)
  }

  /** A text message from the client. */
  receive (message: unknown): void {
    this.emit('message', Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)), false)
  }

  /** The JSON messages that were written to the client, oldest first. */
  get messages (): ServerMessage[] {
    return this.stream.frames.filter((frame) => frame[0] === 0x81).map((frame) => JSON.parse(payloadOf(frame).toString()))
  }
}

/** The stream half. A write that fails after it was accepted is an 'error' event, as net.Socket has it. */
export class FakeStream extends EventEmitter implements SessionStream {
  readonly frames: Buffer[] = []
  writableLength = 0
  writableNeedDrain = false
  /** Thrown by the next writes. */
  throws: Error | null = null
  /** What the next writes end in, after they were accepted. */
  fails: Error | null = null

  write (frame: Buffer): boolean {
    if (this.throws !== null) throw this.throws
    const error = this.fails
    if (error === null) this.frames.push(frame)
    else queueMicrotask(() => this.emit('error', Object.assign(error, { syscall: 'write' })))
    return true
  }

  corks = 0

  cork (): void {
    this.corks++
  }

  uncork (): void {
    this.corks--
  }

  /** The peer has read what waited. */
  drain (): void {
    this.writableLength = 0
    this.writableNeedDrain = false
    this.emit('drain')
  }
}

/** The payload of one unmasked frame. */
export function payloadOf (frame: Buffer): Buffer {
  const length = frame.readUInt8(1)
  return frame.subarray(length < 126 ? 2 : length === 126 ? 4 : 10)
}
