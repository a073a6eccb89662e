import type { JSX } from 'preact'
import { useState } from 'preact/hooks'

export interface FilterBoxProps {
  /** The filter that holds, in words. */
  value: string
  /** What in `value` or what is being written cannot be understood. */
  problemOf: (text: string) => string | null
  shown: number
  total: number
  onFilter: (text: string) => void
}

/** For `document.getElementById`: a key brings the focus here. */
export const FILTER_ID = 'filter'

/** Which PoPs are shown. While it has the focus it keeps what is written; what is meant is shown when it is left. */
export function FilterBox ({ value, problemOf, shown, total, onFilter }: FilterBoxProps): JSX.Element {
  const [draft, setDraft] = useState<string | null>(null)
  const text = draft ?? value
  const problem = problemOf(text)

  function write (next: string): void {
    setDraft(next)
    onFilter(next)
  }

  function clear (): void {
    setDraft(null)
    onFilter('')
  }

  function onKeyDown (event: KeyboardEvent & { currentTarget: HTMLInputElement }): void {
    if (event.isComposing) return
    if (event.key === 'Escape') {
      // The browser clears a search field by itself, or not.
      event.preventDefault()
      event.stopPropagation()
      if (text === '') event.currentTarget.blur()
      else write('')
    } else if (event.key === 'Enter') event.currentTarget.blur()
  }

  return (
    <search class='filter'>
      <label for={FILTER_ID}>Filter</label>
      <input
        id={FILTER_ID} type='search' value={text} placeholder='fra, country:DE, tier:1'
        autocomplete='off' autocapitalize='off' spellcheck={false} enterkeyhint='done' maxLength={1_000}
        aria-invalid={problem !== null} aria-describedby='filter-says' aria-keyshortcuts='/'
        onFocus={() => setDraft(value)} onBlur={() => setDraft(null)}
        onInput={({ currentTarget }) => write(currentTarget.value)} onKeyDown={onKeyDown}
      />
      {text !== '' && <button type='button' class='button' onClick={clear}>Clear</button>}
      <p id='filter-says' class={problem === null ? 'says' : 'says problem'}>
        {problem ?? (value === '' && shown >= total ? '' : `${shown} of ${total} PoPs`)}
      </p>
    </search>
  )
}
