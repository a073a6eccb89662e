import { computed, effect } from '@preact/signals'
import type { PopcastClient } from '../client/index.ts'
import type { Actions } from './actions.ts'
import type { Alarms } from './alarms.ts'
import { commandOf, type Command } from './keys.ts'
import { reloadIsDue } from './kiosk.ts'
import type { Detail } from './state/detail.ts'
import { withTerms } from './state/filter.ts'
import { subscriptionOf, type Model } from './state/model.ts'
import { createSubscriber } from './state/subscriber.ts'
import { FILTER_ID } from './view/filter-box.tsx'

export interface Listened {
  readonly client: PopcastClient
  readonly model: Model
  readonly alarms: Alarms
  readonly actions: Actions
  readonly detail: Detail
}

const SECOND_MS = 1_000

/** Takes what happens around the page to where it matters. */
export function listen (listened: Listened): void {
  listenToTime(listened)
  listenToFeed(listened)
  listenToFilter(listened)
  listenToPage(listened)
  listenToKeys(listened)
}

function listenToTime ({ client, model, alarms }: Listened): void {
  setInterval(() => {
    model.tick()
    alarms.tick(client.snapshot, client.freshness())
  }, SECOND_MS)
}

function listenToFeed ({ client, model, alarms }: Listened): void {
  let version: string | null = null
  client.on('alert', ({ alert, replay }) => alarms.onAlert(alert, replay))
  client.on('change', (snapshot) => {
    alarms.onChange(snapshot)
    const now = snapshot.server?.version ?? null
    const criticals = [...snapshot.alerts.values()].filter(({ severity }) => severity === 'critical').length
    if (model.address.value.kiosk && reloadIsDue(version, now, criticals)) location.reload()
    version ??= now
  })
}

/** What is shown is filtered here as well: while what is wanted cannot be had, it says that there are more than are shown. */
function listenToFilter ({ client, model, detail }: Listened): void {
  const subscribe = createSubscriber({
    first: subscriptionOf(model.address.peek()),
    subscribe: (subscription) => client.setSubscription(subscription),
    clock: globalThis
  })
  const wanted = computed(() => {
    const { pop } = model.address.value
    const open = pop === null ? null : model.latest.snapshot.value.pops.get(pop) ?? detail.state.value.lastKnown
    return JSON.stringify(subscriptionOf(model.address.value, open))
  })
  effect(() => subscribe(JSON.parse(wanted.value)))
}

function listenToPage ({ model }: Listened): void {
  for (const name of ['online', 'offline']) addEventListener(name, () => { model.isOnline.value = navigator.onLine })
  document.addEventListener('visibilitychange', model.tick)
}

function listenToKeys ({ model, alarms, actions }: Listened): void {
  document.addEventListener('keydown', (event) => {
    const command = commandOf(event, alarms.preferences.value)
    if (command === null) return
    // A button that has the focus does it by itself.
    if (command.do === 'open') return
    if (command.do === 'next' || command.do === 'previous') {
      // Where the list ends the key scrolls, as it does everywhere.
      if (moveFocus(command.do === 'next' ? 1 : -1)) event.preventDefault()
      return
    }
    // A slash would be written into the field that it leads to.
    event.preventDefault()
    carryOut(command, model, actions)
  })
}

type Carried = Exclude<Command, { readonly do: 'next' | 'previous' | 'open' }>

function carryOut (command: Carried, model: Model, actions: Actions): void {
  switch (command.do) {
    case 'close': return close(model, actions)
    case 'filter': return document.getElementById(FILTER_ID)?.focus()
    case 'pause': return model.togglePause()
    case 'kiosk': return actions.toggleKiosk()
    case 'copy-link': return actions.copyLink()
    case 'copy-summary': return actions.copySummary()
    case 'sound': return actions.toggleSound()
    case 'theme': return actions.nextTheme()
    case 'help': return actions.openHelp()
    case 'view': return actions.show(command.view)
    case 'window': return actions.setWindow(command.windowMs)
  }
}

/** What is on top goes first: the PoP, then the kiosk, then the filter. */
function close ({ address }: Model, actions: Actions): void {
  const { pop, kiosk } = address.value
  if (pop !== null) actions.select(null)
  else if (kiosk) actions.toggleKiosk()
  else if (withTerms(address.value, '') !== address.value) actions.filter('')
}

/** Of the list of what needs attention, which a phone shows in one of its views only. @returns whether there was another row */
function moveFocus (by: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>('.attention [data-code]')].filter((row) => row.checkVisibility())
  const at = rows.indexOf(document.activeElement as HTMLElement)
  const next = rows[at === -1 ? (by > 0 ? 0 : rows.length - 1) : at + by]
  next?.focus()
  return next !== undefined
}
