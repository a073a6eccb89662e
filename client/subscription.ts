import type { Topic } from '../lib/protocol/fields.ts'
import type { Position } from './store.ts'
import type { Subscription } from './types.ts'

const topics = ['metrics', 'alerts', 'pops'] as const

export function topicsOf (subscription: Subscription): Topic[] {
  return topics.filter((topic) => subscription[topic])
}

/** What is asked for beside the topics. */
export interface Wishes {
  readonly subscription: Subscription
  readonly delta: boolean
  /** How many points; 0: none. */
  readonly history: number
}

/** The same for both transports. */
export function queryOf (wishes: Wishes, position: Position | null): string {
  const asked = topicsOf(wishes.subscription)
  const { pops, ...fields } = fieldsOf(wishes, asked)
  const query = new URLSearchParams({ topics: asked.join() })
  // A value may have a comma or a colon in it.
  if (pops !== undefined) query.set('pops', JSON.stringify(pops))
  for (const [name, value] of Object.entries({ ...fields, ...position })) query.set(name, `${value}`)
  return `${query}`
}

/** The messages that turn one subscription into another; first what may be refused, since then nothing has changed. */
export function changesBetween (from: Subscription, { subscription: to, ...wishes }: Wishes): object[] {
  const had = topicsOf(from)
  const gained = topicsOf(to).filter((topic) => !had.includes(topic) ||
    (topic === 'pops' && JSON.stringify(from.pops) !== JSON.stringify(to.pops)))
  const lost = had.filter((topic) => !to[topic])
  return [
    ...gained.length > 0 ? [{ type: 'subscribe', topics: gained, ...fieldsOf({ subscription: to, ...wishes }, gained) }] : [],
    ...lost.length > 0 ? [{ type: 'unsubscribe', topics: lost }] : []
  ]
}

function fieldsOf ({ subscription: { pops }, delta, history }: Wishes, asked: Topic[]) {
  return {
    ...asked.includes('pops') && {
      ...typeof pops === 'object' && { pops },
      ...delta && { delta: 'fields' }
    },
    ...asked.includes('metrics') && history > 0 && { history }
  }
}
