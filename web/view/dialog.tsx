import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import type { ComponentChildren, JSX } from 'preact'

export interface DialogProps {
  title: string
  isOpen: boolean
  onClose: () => void
  children: ComponentChildren
}

/** Over the page, which cannot be used meanwhile. Esc closes it, a click beside it too; the focus goes back to where it was. */
export function Dialog ({ title, isOpen, onClose, children }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useLayoutEffect(() => {
    if (isOpen && !dialog.current!.open) dialog.current!.showModal()
    else if (!isOpen && dialog.current!.open) dialog.current!.close()
  }, [isOpen])
  return (
    <dialog
      ref={dialog} class='dialog' aria-labelledby={id}
      onClose={() => { if (isOpen) onClose() }}
      onClick={({ target }) => { if (target === dialog.current) onClose() }}
    >
      {isOpen && (
        <div class='dialog-body'>
          <header>
            <h2 id={id}>{title}</h2>
            <button type='button' class='button' onClick={onClose}>Close</button>
          </header>
          {children}
        </div>
      )}
    </dialog>
  )
}
