import type { Signal } from '@preact/signals'
import type { PopcastClient } from '../client/index.ts'
import type { Alarms } from './alarms.ts'
import type { Dialogs } from './dialogs.tsx'
import { setFullScreen } from './kiosk.ts'
import { hrefOf, type Address, type Sort, type View, type WindowMs } from './state/address.ts'
import { NO_LOCATION, withTerms } from './state/filter.ts'
import type { Detail } from './state/detail.ts'
import type { Model } from './state/model.ts'
import { popSummaryOf, summaryOf } from './state/summary.ts'

/** What somebody can do with the page, by a button or a key. */
export interface Actions {
  connect (): void
  select (code: string | null): void
  filter (terms: string): void
  show (view: View): void
  /** The PoPs that are on no map. */
  showUnlocated (): void
  sort (sort: Sort): void
  setWindow (windowMs: WindowMs): void
  copyLink (): void
  copySummary (): void
  nextTheme (): void
  toggleKiosk (): void
  toggleSound (): void
  retryDetail (): void
  mute (pop: string, isMuted: boolean): void
  openHelp (): void
  openSettings (): void
  openSignIn (): void
}

export interface ActionsContext {
  readonly client: PopcastClient
  readonly model: Model
  readonly alarms: Alarms
  readonly dialogs: Dialogs
  readonly detail: Detail
  /** To another address. */
  readonly go: (address: Address) => void
  readonly toast: Signal<string | null>
}

const TOAST_MS = 4_000
const MUTE_MS = 3_600_000

export function createActions ({ client, model, alarms, dialogs, detail, go, toast }: ActionsContext): Actions {
  let timer: ReturnType<typeof setTimeout> | undefined

  function say (words: string): void {
    toast.value = words
    clearTimeout(timer)
    timer = setTimeout(() => { toast.value = null }, TOAST_MS)
  }

  async function copy (text: string, what: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      say(`${what} copied`)
    } catch {
      // Without a secure context, or where it is not allowed: then it can be copied by hand.
      prompt(`Copy the ${what}:`, text)
    }
  }

  const change = (fields: Partial<Address>) => go({ ...model.address.value, ...fields })
  const linkTo = (pop: string | null) => new URL(hrefOf({ ...model.address.value, pop }, location.href), location.href).href

  function show (view: View): void {
    change({ view })
    // On a phone it is not there before it is drawn, and then begins at its top.
    requestAnimationFrame(() => {
      if (document.querySelector('.tabs')?.checkVisibility() === true) scrollTo(0, 0)
      else document.querySelector(`.pane-${view === 'now' ? 'tiles' : view}`)?.scrollIntoView({ block: 'start' })
    })
  }

  return {
    connect: () => client.connect(),
    select: (pop) => change({ pop }),
    filter: (terms) => go(withTerms(model.address.value, terms)),
    show,
    showUnlocated () {
      go(withTerms(model.address.value, NO_LOCATION))
      show('table')
    },
    sort: (sort) => change({ sort }),
    setWindow: (windowMs) => change({ windowMs }),
    copyLink: () => { void copy(linkTo(model.address.value.pop), 'link') },
    copySummary () {
      const { pop } = model.address.value
      const summarised = {
        snapshot: model.snapshot.value, freshness: model.freshness.value, now: model.feedNow.value, link: linkTo
      }
      void copy(pop === null ? summaryOf(summarised) : popSummaryOf(pop, summarised), 'summary')
    },
    nextTheme: () => change({ theme: document.documentElement.dataset.theme === 'light' ? 'dark' : 'light' }),
    toggleKiosk () {
      const kiosk = !model.address.value.kiosk
      change({ kiosk })
      if (kiosk) void setFullScreen(document, true)
    },
    toggleSound () {
      const isOn = !alarms.preferences.value.sound
      alarms.setSound(isOn)
      say(isOn ? 'sound on' : 'sound off')
    },
    retryDetail: () => detail.refetch(),
    mute: (pop, isMuted) => alarms.mutePop(pop, isMuted ? MUTE_MS : null),
    openHelp: () => { dialogs.open.value = 'help' },
    openSettings: () => { dialogs.open.value = 'settings' },
    openSignIn: () => { dialogs.open.value = 'sign-in' }
  }
}
