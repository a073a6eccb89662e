import type { JSX } from 'preact'

export interface FooterProps {
  epoch: string | null
  seq: number | null
  version: string | null
  skipped: number
  transport: string | null
  asOf: string | null
  /** Where this is, for paper. */
  href: string
  children?: preact.ComponentChildren
}

/** What somebody needs who reports a fault of the page, or prints it. */
export function Footer ({ epoch, seq, version, skipped, transport, asOf, href, children }: FooterProps): JSX.Element {
  return (
    <footer class='footer'>
      <p>
        {version !== null && <span>popcast {version}</span>}
        {epoch !== null && <span title={epoch}>epoch {epoch.slice(0, 8)}</span>}
        {seq !== null && <span>seq {seq}</span>}
        {transport !== null && <span>{transport}</span>}
        {skipped > 0 && <span>this screen missed {skipped} {skipped === 1 ? 'update' : 'updates'} (slow)</span>}
        {asOf !== null && <span class='print-only'>as of {asOf}</span>}
        <span class='print-only'>{href}</span>
      </p>
      <div class='actions'>{children}</div>
      <nav aria-label='The same for programs'>
        <a href='docs'>API</a> <a href='api/pops'>PoPs</a> <a href='api/regressions'>regressions</a>{' '}
        <a href='page/licenses.txt'>licences</a>
      </nav>
    </footer>
  )
}
