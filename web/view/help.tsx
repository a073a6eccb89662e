import type { JSX } from 'preact'
import { bindings } from '../keys.ts'
import { conditions, conditionWords } from '../state/condition.ts'
import { Dialog } from './dialog.tsx'
import { Mark } from './mark.tsx'

export interface HelpProps {
  isOpen: boolean
  singleKeys: boolean
  onSingleKeys: (on: boolean) => void
  onClose: () => void
}

/** The keys, what may be written into the filter, and what the marks mean. */
export function Help ({ isOpen, singleKeys, onSingleKeys, onClose }: HelpProps): JSX.Element {
  return (
    <Dialog title='Help' isOpen={isOpen} onClose={onClose}>
      <section>
        <h3>Keys</h3>
        <table class='keys'>
          <tbody>
            {bindings.map(({ keys, words, stays = false }) => (
              <tr key={words} class={singleKeys || stays ? '' : 'is-off'}>
                <th scope='row'>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</th>
                <td>{words}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <label class='switch'>
          <input type='checkbox' checked={singleKeys} onChange={({ currentTarget }) => onSingleKeys(currentTarget.checked)} />
          <span>Single letters, digits and signs are commands <small>(Enter, Esc and arrows always are)</small></span>
        </label>
      </section>
      <section>
        <h3>Filter</h3>
        <dl class='terms'>
          <dt><code>fra</code></dt><dd>in the code or the city</dd>
          <dt><code>country:DE,NL</code></dt><dd>one of these countries</dd>
          <dt><code>tier:1 state:critical</code></dt><dd>both</dd>
          <dt><code>country:"United States"</code></dt><dd>a value with a space in it</dd>
          <dt><code>location:none</code></dt><dd>those that are on no map</dd>
        </dl>
      </section>
      <section>
        <h3>Marks</h3>
        <ul class='marks'>
          {conditions.map((condition) => (
            <li key={condition}><Mark condition={condition} size={18} /> {conditionWords[condition]}</li>
          ))}
        </ul>
      </section>
    </Dialog>
  )
}
