export { reloadIsDue } from './state/reload.ts'

/** No one moves the mouse of a wall: its cursor goes after so long. */
const CURSOR_AFTER_MS = 5_000
const IDLE_CLASS = 'is-idle'

/**
 * A screen that nobody touches: it stays lit, and shows no cursor. The browser takes the lock away from a hidden page, so it is
 * asked for again.
 * @returns how it ends
 */
export function startKiosk (page: Document): () => void {
  const ended = new AbortController()
  const { signal } = ended
  let lock: WakeLockSentinel | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  async function stayAwake (): Promise<void> {
    if (page.visibilityState !== 'visible' || (lock !== null && !lock.released)) return
    // There is none without a secure context; on low battery it is refused.
    const taken = await (navigator.wakeLock as WakeLock | undefined)?.request('screen').catch(() => null) ?? null
    if (signal.aborted) void taken?.release()
    else lock = taken
  }

  function showCursor (): void {
    page.documentElement.classList.remove(IDLE_CLASS)
    clearTimeout(timer)
    timer = setTimeout(() => page.documentElement.classList.add(IDLE_CLASS), CURSOR_AFTER_MS)
  }

  page.addEventListener('visibilitychange', () => { void stayAwake() }, { signal })
  for (const name of ['pointermove', 'pointerdown', 'keydown']) page.addEventListener(name, showCursor, { signal, passive: true })
  void stayAwake()
  showCursor()
  return () => {
    ended.abort()
    clearTimeout(timer)
    page.documentElement.classList.remove(IDLE_CLASS)
    void lock?.release()
    // However it was left, which need not be by a key or a button.
    void setFullScreen(page, false)
  }
}

/** Wanted only in answer to a key or a click: browsers want one. Whether it could be had does not matter to the rest. */
export async function setFullScreen (page: Document, wanted: boolean): Promise<void> {
  const isFull = page.fullscreenElement !== null
  try {
    if (wanted && !isFull) await page.documentElement.requestFullscreen({ navigationUI: 'hide' })
    else if (!wanted && isFull) await page.exitFullscreen()
  } catch {
    // Refused, or not there at all, as on phones.
  }
}
