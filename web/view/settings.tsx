import type { JSX } from 'preact'
import type { Permission } from '../notifications.ts'
import type { Arming } from '../sound.ts'
import { clock, duration } from '../format.ts'
import { Dialog } from './dialog.tsx'

export interface SettingsProps {
  isOpen: boolean
  sound: boolean
  arming: Arming
  notifications: boolean
  permission: Permission
  mutedUntil: number | null
  mutedPops: Readonly<Record<string, number>>
  now: number
  onSound: (on: boolean) => void
  onTest: () => void
  onNotifications: (on: boolean) => Promise<void>
  /** null: not any more */
  onMute: (forMs: number | null) => void
  onUnmutePop: (pop: string) => void
  onClose: () => void
}

const MINUTE_MS = 60_000
const mutes = [{ words: '15 min', ms: 15 * MINUTE_MS }, { words: '1 h', ms: 60 * MINUTE_MS }]

const armingWords: Record<Arming, string> = {
  off: 'Off.',
  armed: 'On, and armed: it will be heard.',
  unarmed: 'Sound is on, click once to arm. A browser lets nothing be heard before.',
  unsupported: 'This browser makes no sounds.'
}

const permissionWords: Record<Permission, string> = {
  granted: 'Allowed.',
  default: 'The browser will ask.',
  denied: 'The browser was told not to allow them: its settings for this page say so.',
  insecure: 'Only with https, or on localhost: this page was loaded without.',
  unsupported: 'This browser shows none for pages.'
}

/** What is heard and shown of regressions. All of it is of this device, and none in a link. */
export function Settings (props: SettingsProps): JSX.Element {
  return (
    <Dialog title='Sound and notifications' isOpen={props.isOpen} onClose={props.onClose}>
      <SoundSettings {...props} />
      <NotificationSettings {...props} />
      <MuteSettings {...props} />
      <MutedPops {...props} />
      <p class='note'>Kept on this device. What was missed while away, or muted, is not made up for.</p>
    </Dialog>
  )
}

function SoundSettings ({ sound, arming, onSound, onTest }: SettingsProps): JSX.Element {
  return (
    <section>
      <h3>Sound</h3>
      <p class='row'>
        <button type='button' class='button' aria-pressed={sound} onClick={() => onSound(!sound)}>
          {sound ? 'Sound is on' : 'Sound is off'}
        </button>
        <button type='button' class='button' disabled={arming !== 'armed'} onClick={onTest}>Test</button>
      </p>
      <p role='status'>{armingWords[sound && arming === 'off' ? 'unarmed' : arming]}</p>
      <p class='note'>
        High-low-high: critical. One tone: warning. Low: nothing has come for a minute. At most one in 30 s.
      </p>
    </section>
  )
}

function NotificationSettings ({ notifications, permission, onNotifications }: SettingsProps): JSX.Element {
  const isPossible = permission === 'granted' || permission === 'default'
  const isOn = notifications && permission === 'granted'
  return (
    <section>
      <h3>Notifications</h3>
      <p class='row'>
        <button type='button' class='button' aria-pressed={isOn} disabled={!isPossible} onClick={() => onNotifications(!isOn)}>
          {isOn ? 'Notifications are on' : 'Notifications are off'}
        </button>
      </p>
      <p role='status'>{permissionWords[permission]}</p>
    </section>
  )
}

function MuteSettings ({ mutedUntil, now, onMute }: SettingsProps): JSX.Element {
  const isMuted = mutedUntil !== null && mutedUntil > now
  return (
    <section>
      <h3>Mute everything</h3>
      <p class='row'>
        {mutes.map(({ words, ms }) => <button key={ms} type='button' class='button' onClick={() => onMute(ms)}>{words}</button>)}
        <button type='button' class='button' disabled={!isMuted} onClick={() => onMute(null)}>Unmute</button>
      </p>
      <p>{isMuted ? <Until end={mutedUntil} now={now} /> : 'Not muted.'}</p>
    </section>
  )
}

function MutedPops ({ mutedPops, now, onUnmutePop }: SettingsProps): JSX.Element | null {
  const muted = Object.entries(mutedPops).filter(([, end]) => end > now)
  if (muted.length === 0) return null
  return (
    <section>
      <h3>Muted PoPs</h3>
      <ul class='muted-pops'>
        {muted.map(([pop, end]) => (
          <li key={pop}>
            <b>{pop}</b> <Until end={end} now={now} />
            <button type='button' class='button' aria-label={`Unmute ${pop}`} onClick={() => onUnmutePop(pop)}>Unmute</button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Until ({ end, now }: { end: number, now: number }): JSX.Element {
  return <span>Muted until <time dateTime={new Date(end).toISOString()}>{clock(end)}</time> ({duration(end - now)})</span>
}
