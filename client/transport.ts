import type { Settings } from './options.ts'

export interface TransportEvents {
  /** One message, as JSON. */
  message (text: unknown): void
  /** Any sign of life. */
  heard (): void
  /** Once, at the end, whoever has ended it. */
  end (how: End): void
}

export interface End {
  readonly reason: string
  readonly closeCode?: number
  readonly retryAfterMs?: number | null
}

/** What brings the messages. It says nothing before the turn in which it was opened is over. */
export interface Transport {
  send (message: object): void
  /** Resolves when it is closed. */
  close (): Promise<void>
}

export type Opener = (url: string, settings: Settings, on: TransportEvents) => Promise<Transport>
