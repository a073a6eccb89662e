import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { AppContext } from './context.ts'
import { inTurn } from './drawing.ts'
import { moment } from './format.ts'
import { panesOf, type Panes } from './panes.tsx'
import { windows, type View } from './state/address.ts'
import { problemOf, termsOf } from './state/filter.ts'
import { Detail } from './view/detail.tsx'
import { FilterBox } from './view/filter-box.tsx'
import { Footer } from './view/footer.tsx'
import { Strip } from './view/strip.tsx'

const views: Record<View, string> = { now: 'Now', map: 'Map', timeline: 'Time', table: 'All' }

/** Gives each view what it shows. Each reads its own signals, so that a second that passes does not draw the map again. */
export function App ({ context }: { context: AppContext }): JSX.Element {
  const { Head, Board, Sheet, Tabs, Foot, Toast } = useMemo(() => partsOf(context), [context])
  const { dialogs: Dialogs, announcement: Announcement } = context
  return (
    <>
      <Head />
      <Board />
      <Foot />
      <Sheet />
      <Tabs />
      <Dialogs />
      <Toast />
      <Announcement />
    </>
  )
}

function boardOf ({ model }: AppContext, panes: Panes) {
  // The same elements each time: another view is another arrangement of them.
  const parts = Object.entries(panes).map(([name, pane]) => {
    const Pane = inTurn(pane)
    return <div class={`pane pane-${name}`} key={name}><Pane /></div>
  })
  return () => <main class='board' data-view={model.address.value.view}>{parts}</main>
}

function partsOf (context: AppContext) {
  return {
    Head: headOf(context),
    Board: boardOf(context, panesOf(context)),
    Sheet: sheetOf(context),
    Tabs: tabsOf(context),
    Foot: footOf(context),
    Toast: () => <p class={context.toast.value === null ? 'visually-hidden' : 'toast'} role='status'>{context.toast.value}</p>
  }
}

function headOf ({ model, actions }: AppContext) {
  return () => {
    const { server, overview } = model.snapshot.value
    const { freshness, now } = model.latest
    const { dueInMs } = freshness.value
    const progress = dueInMs === null || server === null ? null : 1 - dueInMs / server.intervalMs
    return (
      <Strip
        headline={model.headline.value}
        progress={progress}
        source={server?.source ?? null}
        pops={overview?.totalPops ?? null}
        now={now.value}
        isPaused={model.pause.value !== null}
        onTryNow={actions.connect}
        onSignIn={actions.openSignIn}
        onResume={model.togglePause}
      >
        <FilterBox
          value={termsOf(model.address.value)}
          problemOf={problemOf}
          shown={model.pops.value.length}
          total={overview?.totalPops ?? model.pops.value.length}
          onFilter={actions.filter}
        />
      </Strip>
    )
  }
}

function sheetOf ({ model, actions, detail, spans, theme, mutedUntil }: AppContext) {
  return () => {
    const code = model.address.value.pop
    if (code === null) return <></>
    const { pops, alerts } = model.snapshot.value
    const alert = [...alerts.values()].find(({ pop }) => pop === code) ?? null
    return (
      <Detail
        code={code}
        pop={pops.get(code) ?? null}
        alert={alert}
        detail={detail.value}
        headline={model.headline.value}
        look={model.look.value}
        asOf={model.asOf.value}
        now={model.until.value}
        edge={model.feedNow.value}
        theme={theme.value}
        simulated={model.snapshot.value.server?.source === 'demo'}
        span={alert === null ? null : spans.value.find(({ id }) => id === alert.id) ?? null}
        onRetry={actions.retryDetail}
        mutedUntil={mutedUntil(code)}
        onMute={(isMuted) => actions.mute(code, isMuted)}
        onClose={() => actions.select(null)}
        onCopyLink={actions.copyLink}
        onCopySummary={actions.copySummary}
      />
    )
  }
}

function tabsOf ({ model, actions }: AppContext) {
  return () => (
    <nav class='tabs' aria-label='Views'>
      {(Object.entries(views) as Array<[View, string]>).map(([view, name]) => (
        <button key={view} type='button' aria-pressed={model.address.value.view === view} onClick={() => actions.show(view)}>
          {name}
        </button>
      ))}
    </nav>
  )
}

function footOf ({ model, actions, theme }: AppContext) {
  return () => {
    const { server, history, skipped, connection } = model.snapshot.value
    const isShort = model.address.value.windowMs === windows['15m']
    return (
      <Footer
        epoch={server?.epoch ?? null}
        seq={history.at(-1)?.seq ?? null}
        version={server?.version ?? null}
        skipped={skipped}
        transport={'transport' in connection ? connection.transport : null}
        asOf={model.freshness.value.dataTime === null ? null : moment(model.freshness.value.dataTime)}
        href={location.href}
      >
        <Button words={isShort ? 'show 1 h' : 'show 15 min'} onClick={() => actions.setWindow(windows[isShort ? '1h' : '15m'])} />
        <Button words='pause' isPressed={model.pause.value !== null} onClick={model.togglePause} />
        <Button words='copy link' onClick={actions.copyLink} />
        <Button words='copy summary' onClick={actions.copySummary} />
        <Button words='sound and notices' onClick={actions.openSettings} />
        <Button words={theme.value === 'light' ? 'dark theme' : 'light theme'} onClick={actions.nextTheme} />
        <Button words='kiosk' onClick={actions.toggleKiosk} />
        <Button words='keys' onClick={actions.openHelp} />
      </Footer>
    )
  }
}

function Button ({ words, isPressed, onClick }: { words: string, isPressed?: boolean, onClick: () => void }): JSX.Element {
  return <button type='button' class='button' aria-pressed={isPressed} onClick={onClick}>{words}</button>
}
