import { effect } from '@preact/signals'
import type { PopcastClient } from '../client/index.ts'
import type { Actions } from './actions.ts'
import type { Alarms } from './alarms.ts'
import { commandOf, type Command } from './keys.ts'
import { reloadIsDue } from './kiosk.ts'
import { parseAddress } from './state/address.ts'
import { withTerms } from './state/filter.ts'
import { subscriptionOf, type Model } from './state/model.ts'
import { FILTER_ID } from './view/filter-box.tsx'

export interface Listened {
  readonly client: PopcastClient
  readonly model: Model
  readonly alarms: Alarms
  readonly actions: Actions
}

const SECOND_MS = 1_000
/** Somebody who writes a filter is not asked for after each letter. */
const SETTLED_AFTER_MS = 400

/** Takes what happens around the page to where it matters. */
export function listen (listened: Listened): void {
  listenToTime(listened)
  listenToFeed(listened)
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

  let asked = JSON.stringify(subscriptionOf(model.address.value))
  let timer: ReturnType<typeof setTimeout> | undefined
  effect(() => {
    const subscription = subscriptionOf(model.address.value)
    clearTimeout(timer)
    timer = setTimeout(() => {
      const wanted = JSON.stringify(subscription)
      if (wanted === asked) return
      asked = wanted
      // What is shown is filtered here as well: if it cannot be had now, there merely comes more than is shown.
      client.setSubscription(subscription).catch(() => {})
    }, SETTLED_AFTER_MS)
  })
}

function listenToPage ({ model }: Listened): void {
  addEventListener('popstate', () => { model.address.value = parseAddress(location.search) })
  for (const name of ['online', 'offline']) addEventListener(name, () => { model.isOnline.value = navigator.onLine })
  document.addEventListener('visibilitychange', model.tick)
}

function listenToKeys ({ model, alarms, actions }: Listened): void {
  document.addEventListener('keydown', (event) => {
    const command = commandOf(event, alarms.preferences.value)
    if (command === null) return
    // A slash would be written into the field that it leads to.
    if (command.do !== 'open') event.preventDefault()
    carryOut(command, model, actions)
  })
}

function carryOut (command: Command, model: Model, actions: Actions): void {
  switch (command.do) {
    case 'next': return moveFocus(1)
    case 'previous': return moveFocus(-1)
    // A button that has the focus does it by itself.
    case 'open': return
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

/** Of the list of what needs attention. */
function moveFocus (by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>('.attention [data-code]')]
  if (rows.length === 0) return
  const at = rows.indexOf(document.activeElement as HTMLElement)
  rows[at === -1 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))]?.focus()
}
