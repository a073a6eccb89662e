/** What is used of a page, a worker or Node, as far as it is there. The types of the DOM are not: Node has none. */
export interface WebSocketLike {
  send (data: string): void
  close (code?: number, reason?: string): void
  onmessage: ((event: any) => void) | null
  onerror: ((event: any) => void) | null
  onclose: ((event: any) => void) | null
}
export type WebSocketClass = new (url: string, protocols?: string[]) => WebSocketLike

export type Fetch = (url: string, init: {
  readonly headers: Record<string, string>
  readonly cache: 'no-store'
  readonly signal: any
}) => Promise<{
  readonly status: number
  readonly headers: { get (name: string): string | null }
  readonly body: any
}>

type Listener = (event: { readonly type: string, readonly persisted?: boolean }) => void

interface Environment {
  readonly WebSocket?: WebSocketClass
  readonly fetch?: Fetch
  readonly document?: { readonly visibilityState: string, readonly baseURI: string }
  addEventListener? (type: string, listener: Listener): void
  removeEventListener? (type: string, listener: Listener): void
}

export const environment = globalThis as unknown as Environment

/** Tells when somebody may be looking again, and when the page goes into the back/forward cache. @returns ends it */
export function watchPage (wake: () => void, leave: () => void): () => void {
  const listener: Listener = ({ type, persisted }) => {
    if (type === 'pagehide') {
      if (persisted) leave()
    } else if (type === 'online' || environment.document?.visibilityState === 'visible') wake()
  }
  // What the document tells of its visibility comes here as well (HTML, 6.2: it bubbles).
  const types = ['online', 'pageshow', 'pagehide', 'visibilitychange']
  for (const type of types) environment.addEventListener?.(type, listener)
  return () => types.forEach((type) => environment.removeEventListener?.(type, listener))
}
