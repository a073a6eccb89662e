import type { EventEmitter } from 'node:events'

/** Resolves when a socket is closed, however it is: of one that is cut off, `once` of node:events throws the error. */
export function closed (socket: EventEmitter): Promise<void> {
  socket.on('error', () => {})
  return new Promise((resolve) => { socket.once('close', () => resolve()) })
}
