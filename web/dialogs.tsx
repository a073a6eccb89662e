import { signal, type Signal } from '@preact/signals'
import type { JSX } from 'preact'
import type { Alarms } from './alarms.ts'
import type { Model } from './state/model.ts'
import { Help } from './view/help.tsx'
import { Settings } from './view/settings.tsx'
import { SignIn } from './view/sign-in.tsx'

export type DialogName = 'help' | 'settings' | 'sign-in'

export interface Dialogs {
  readonly open: Signal<DialogName | null>
  readonly Dialogs: () => JSX.Element
}

export interface SigningIn {
  /** There was a token. */
  isRefused (): boolean
  /** Tries again with another one. */
  with (token: string): void
}

/** What is over the page: one at a time. */
export function createDialogs (model: Model, alarms: Alarms, signIn: SigningIn): Dialogs {
  const open = signal<DialogName | null>(null)
  const close = () => { open.value = null }
  const HelpDialog = () => (
    <Help
      isOpen={open.value === 'help'}
      singleKeys={alarms.preferences.value.singleKeys}
      onSingleKeys={alarms.setSingleKeys}
      onClose={close}
    />
  )
  const SettingsDialog = () => (
    <Settings
      {...alarms.preferences.value}
      isOpen={open.value === 'settings'}
      arming={alarms.arming.value}
      permission={alarms.permission.value}
      now={open.value === 'settings' ? model.latest.now.value : 0}
      onSound={alarms.setSound}
      onTest={alarms.test}
      onNotifications={alarms.setNotifications}
      onMute={alarms.mute}
      onUnmutePop={(pop) => alarms.mutePop(pop, null)}
      onClose={close}
    />
  )
  const SignInDialog = () => (
    <SignIn
      isOpen={open.value === 'sign-in'}
      isRefused={signIn.isRefused()}
      onToken={(token) => {
        close()
        signIn.with(token)
      }}
      onClose={close}
    />
  )
  return { open, Dialogs: () => <><HelpDialog /><SettingsDialog /><SignInDialog /></> }
}
