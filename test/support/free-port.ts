import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below those that systems give to who asks for any: one of them would have it while nobody listens. */
const LOWEST = 15_000
const HIGHEST = 32_000

/** For a program that cannot pick one and say so, or that is started again on the same. */
export async function freePort (): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    const server = createServer()
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening')
    } catch {
      continue
    }
    server.close()
    await once(server, 'close')
    return port
  }
}
