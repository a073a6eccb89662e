import { signal, type ReadonlySignal } from '@preact/signals'
import type { Notice } from './state/notices.ts'

/** `insecure`: the browser has them, and only for pages over https or of this machine. */
export type Permission = NotificationPermission | 'insecure' | 'unsupported'

export interface Notifier {
  readonly permission: ReadonlySignal<Permission>
  /** To be called in answer to a click. @returns whether it may notify */
  ask (): Promise<boolean>
  show (notice: Notice): void
  withdraw (tag: string): void
  /** How many regressions are open, at the icon of an installed page. */
  badge (open: number): void
}

/** @param onOpen a notification was clicked on: the PoP that it is about */
export function createNotifier (onOpen: (pop: string | null) => void): Notifier {
  const permission = signal(permissionNow())
  const shown = new Map<string, Notification>()
  let badged = 0
  return {
    permission,
    async ask () {
      if (permissionNow() === 'default') await Notification.requestPermission()
      permission.value = permissionNow()
      return permission.value === 'granted'
    },
    show ({ tag, title, body, pop, isQuiet }) {
      if (permissionNow() !== 'granted') return
      try {
        // renotify: what has become worse calls again, although it takes the place of another one.
        const options = { tag, body, silent: isQuiet, renotify: !isQuiet }
        const notification = new Notification(title, options)
        shown.set(tag, notification)
        notification.addEventListener('click', () => {
          window.focus()
          onOpen(pop)
          notification.close()
        })
        notification.addEventListener('close', () => { if (shown.get(tag) === notification) shown.delete(tag) })
      } catch {
        // On phones only a service worker may, which this page has none of.
        permission.value = 'unsupported'
      }
    },
    withdraw (tag) {
      shown.get(tag)?.close()
      shown.delete(tag)
    },
    badge (open) {
      if (open === badged || !('setAppBadge' in navigator)) return
      badged = open
      // Of a page that is not installed it is refused.
      void navigator.setAppBadge(open).catch(() => {})
    }
  }
}

function permissionNow (): Permission {
  if (!window.isSecureContext) return 'insecure'
  return 'Notification' in window ? Notification.permission : 'unsupported'
}
