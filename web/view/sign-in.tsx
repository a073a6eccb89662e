import type { JSX, TargetedSubmitEvent } from 'preact'
import { useState } from 'preact/hooks'
import { Dialog } from './dialog.tsx'

export interface SignInProps {
  isOpen: boolean
  /** The one that was given was not taken. */
  isRefused: boolean
  onToken: (token: string) => void
  onClose: () => void
}

/** Asks for the token that the server wants. */
export function SignIn ({ isOpen, isRefused, onToken, onClose }: SignInProps): JSX.Element {
  const [token, setToken] = useState('')
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    onToken(token.trim())
    setToken('')
  }
  return (
    <Dialog title='A token is wanted' isOpen={isOpen} onClose={onClose}>
      <form class='sign-in' onSubmit={submit}>
        <p>
          {isRefused ? 'The token is not valid, or has expired.' : 'This server tells its data only to those who have a token.'}
        </p>
        <label>
          Token
          <input
            type='password' autocomplete='off' required autofocus
            value={token} onInput={({ currentTarget }) => setToken(currentTarget.value)}
          />
        </label>
        <button type='submit' class='button'>Connect</button>
        <p class='note'>It is kept until this tab is closed.</p>
      </form>
    </Dialog>
  )
}
