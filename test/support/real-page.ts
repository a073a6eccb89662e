import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { openBlank } from './chromium.ts'
import { portOf, startService, type Service } from './service.ts'

export const FAST = { BROADCAST_INTERVAL_MS: '500', QUERY_TIMEOUT_MS: '400', DEMO_SEED: '1', DRAIN_TIMEOUT_MS: '300' }

/** What happened in the page that should not. */
export function complaintsOf (page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error.stack)))
  page.on('console', (message) => {
    // That a server is gone a browser says by itself.
    if (message.type() === 'error' && !/ERR_|WebSocket connection/.test(message.text())) complaints.push(message.text())
  })
  return complaints
}

export async function saying (page: Page, word: RegExp): Promise<void> {
  await page.locator('.headline .word', { hasText: word }).waitFor()
}

export async function looking (page: Page, look: string): Promise<void> {
  await page.locator(`.tiles.look-${look}`).waitFor()
}

export interface Opened {
  readonly page: Page
  readonly service: Service
  readonly port: number
  readonly complaints: string[]
}

export async function opened (t: Test, search = ''): Promise<Opened> {
  const service = startService(t, FAST)
  const port = await portOf(service)
  const page = await openBlank(t)
  const complaints = complaintsOf(page)
  await page.goto(`http://127.0.0.1:${port}/${search}`)
  await saying(page, /^LIVE$/)
  return { page, service, port, complaints }
}
