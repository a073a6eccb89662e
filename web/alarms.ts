import { signal, type ReadonlySignal } from '@preact/signals'
import type { Alert, Snapshot } from '../client/types.ts'
import { createNotifier, type Permission } from './notifications.ts'
import { createSpeaker, type Arming } from './sound.ts'
import { alarm, isStreamAlive, silence, type AlarmEvent } from './state/alarm.ts'
import { current, preferencesOf, withMute, withPopMute, type Preferences } from './state/preferences.ts'

/** In localStorage; all of it is there, and nothing else of the page's. */
const STORAGE_KEY = 'popcast'

export interface Alarms {
  readonly preferences: ReadonlySignal<Preferences>
  readonly arming: ReadonlySignal<Arming>
  readonly permission: ReadonlySignal<Permission>
  /** An `alert` of the client's. */
  onAlert (alert: Alert, replay: boolean): void
  /** A `change` of the client's. */
  onChange (snapshot: Snapshot): void
  /** To be called each second, with how fresh it is now. */
  tick (snapshot: Snapshot, freshness: Snapshot['freshness']): void
  /** In answer to a click or a key. */
  setSound (on: boolean): void
  test (): void
  setNotifications (on: boolean): Promise<void>
  /** @param forMs null: not any more */
  mute (forMs: number | null): void
  mutePop (pop: string, forMs: number | null): void
  setSingleKeys (on: boolean): void
}

/** What is heard and shown of regressions beside the page itself. @param onOpen what a notification is about was asked for */
export function createAlarms (onOpen: (pop: string | null) => void): Alarms {
  const speaker = createSpeaker(document)
  const notifier = createNotifier(onOpen)
  const preferences = signal(preferencesOf(read(), Date.now()))
  let state = silence

  function handle (event: AlarmEvent): void {
    const step = alarm(state, event, Date.now())
    state = step.state
    for (const effect of step.effects) {
      if (effect.type === 'sound') speaker.play(effect.sound)
      else if (effect.type === 'notify') notifier.show(effect)
      else notifier.withdraw(effect.tag)
    }
  }

  function take (next: Preferences): void {
    if (next.sound !== preferences.value.sound || (next.sound && speaker.arming.value === 'off')) {
      if (next.sound) speaker.switchOn()
      else speaker.switchOff()
    }
    preferences.value = next
    handle({ type: 'preferences', preferences: next })
  }

  function change (next: Preferences): void {
    write(next)
    take(next)
  }

  // Another window of the page changed them.
  addEventListener('storage', ({ key, newValue }) => {
    if (key === STORAGE_KEY || key === null) take(preferencesOf(newValue, Date.now()))
  })
  take(preferences.value)
  return {
    preferences,
    arming: speaker.arming,
    permission: notifier.permission,
    onAlert: (alert, replay) => handle({ type: 'alert', alert, replay }),
    onChange ({ alerts }) {
      handle({ type: 'open', alerts })
      notifier.badge(alerts.size)
    },
    tick ({ connection }, freshness) {
      handle({ type: 'stream', isAlive: isStreamAlive(connection, freshness.state) })
      const now = current(preferences.value, Date.now())
      if (now !== preferences.value) change(now)
    },
    setSound: (on) => change({ ...preferences.value, sound: on }),
    test: () => speaker.play('critical'),
    async setNotifications (on) {
      const mayNotify = on && await notifier.ask()
      change({ ...preferences.value, notifications: mayNotify })
    },
    mute: (forMs) => change(withMute(preferences.value, endOf(forMs))),
    mutePop: (pop, forMs) => change(withPopMute(preferences.value, pop, endOf(forMs))),
    setSingleKeys: (on) => change({ ...preferences.value, singleKeys: on })
  }
}

function endOf (forMs: number | null): number | null {
  return forMs === null ? null : Date.now() + forMs
}

/** Of a private window, or where a policy forbids it, there is none: then it holds until the page is closed. */
function read (): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY)
  } catch {
    return null
  }
}

function write (preferences: Preferences): void {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(preferences))
  } catch {
    // See read().
  }
}
