import type { ComponentChildren, JSX } from 'preact'
import type { Alert, Pop } from '../../client/types.ts'
import { clock, duration, ms } from '../format.ts'
import type { PopFacts } from '../state/detail.ts'
import { baselineWords, type Listed } from '../state/detail-words.ts'
import { Mark } from './mark.tsx'

/** Numbers behind the verdict. */
export function Facts ({ facts, alert, pop }: { facts: PopFacts, alert: Alert | null, pop: Pop | null }): JSX.Element {
  const { comparison, functions, intervalMs } = facts
  const compared = comparison ?? alert
  return (
    <dl class='detail-facts'>
      {compared === null
        ? <Fact name='compared with'>not enough data</Fact>
        : (
          <>
            <Fact name='compared with'>
              {ms(compared.baselineMs)}, {baselineWords(compared.baselineKind, comparison?.baselineDays)}
            </Fact>
            <Fact name='median of its last values'>{ms(compared.recentMs)}</Fact>
            <Fact name='z'>{oneDigit(compared.zScore)}</Fact>
            <Fact name='samples, recent / baseline'>{compared.samples.recent} / {compared.samples.baseline}</Fact>
          </>
          )}
      {pop !== null && pop.baselineLowMs !== null && pop.baselineHighMs !== null && (
        <Fact name='usual'>{ms(pop.baselineLowMs)} to {ms(pop.baselineHighMs)}</Fact>
      )}
      <Fact name='functions'>{functions}</Fact>
      <Fact name='own interval'>{duration(intervalMs)}</Fact>
      {pop !== null && <Fact name='last sample'>{clock(pop.sampleTime)}</Fact>}
    </dl>
  )
}

/** Never a zero below zero. */
function oneDigit (value: number): string {
  return (Math.round(value * 10) / 10 || 0).toFixed(1)
}

function Fact ({ name, children }: { name: string, children: ComponentChildren }): JSX.Element {
  return <div><dt>{name}</dt><dd>{children}</dd></div>
}

/** What is open, and what was until lately. */
export function Regressions ({ listed }: { listed: readonly Listed[] }): JSX.Element {
  return (
    <section class='detail-regressions' aria-labelledby='detail-regressions-title'>
      <h3 id='detail-regressions-title'>Regressions</h3>
      {listed.length === 0
        ? <p>none known</p>
        : (
          <ul role='list'>
            {listed.map(({ id, severity, when, what, end }) => (
              <li key={id} class={`row-${severity}`}>
                <Mark condition={severity} size={16} />
                <span><b class='condition'>{severity}</b> {when}, <b>{end}</b><br />{what}</span>
              </li>
            ))}
          </ul>
          )}
    </section>
  )
}
