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

interface Target {
  addEventListener? (type: string, listener: (event: any) => void): void
  removeEventListener? (type: string, listener: (event: any) => void): void
}

interface Environment extends Target {
  readonly WebSocket?: WebSocketClass
  readonly fetch?: Fetch
  readonly document?: Target & { readonly visibilityState: string, readonly baseURI: string }
  reportError? (error: unknown): void
}

export const environment = globalThis as unknown as Environment

/** Tells when somebody may be looking again, and when the page goes into the back/forward cache. @returns ends it */
export function watchPage (wake: () => void, leave: () => void): () => void {
  const { document } = environment
  const listeners: Array<[Target | undefined, string, (event: { persisted?: boolean }) => void]> = [
    [environment, 'online', wake],
    [environment, 'pageshow', ({ persisted }) => { if (persisted) wake() }],
    [environment, 'pagehide', ({ persisted }) => { if (persisted) leave() }],
    [document, 'visibilitychange', () => { if (document?.visibilityState === 'visible') wake() }]
  ]
  for (const [target, type, listener] of listeners) target?.addEventListener?.(type, listener)
  return () => {
    for (const [target, type, listener] of listeners) target?.removeEventListener?.(type, listener)
  }
}

/** As an error that nobody caught, without ending what goes on. */
export function report (error: unknown): void {
  if (environment.reportError) environment.reportError(error)
  else queueMicrotask(() => { throw error })
}
