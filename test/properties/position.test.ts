import { PLAIN } from '../../lib/clients/websocket/encodings.ts'
import fc from 'fast-check'
import t from 'tap'
import type { Topic } from '../../lib/protocol/fields.ts'
import type { OpenAlertsMessage } from '../../lib/protocol/server-messages.ts'
import { SourceError } from '../../lib/source/source-error.ts'
import { FakeSocket, payloadOf } from '../support/fake-socket.ts'
import { regressedPops, steadyPops } from '../support/feeds.ts'
import { messagesOf } from '../support/clients.ts'
import { ReferenceClient, type Heard } from '../support/reference-client.ts'
import { INTERVAL_MS, serveSessions, type Service } from '../support/sessions.ts'
import { seededRuns } from '../support/seed.ts'

type Ask = 'ping' | 'since' | 'subscribe'
type Action =
  | { do: 'tick', regressed: boolean, fails: boolean, amid: { client: number, ask: Ask | 'cut' } | null }
  | { do: 'handle', client: number, messages: number }
  | { do: 'cut' | 'connect' | 'stall' | 'drain', client: number }
  | { do: 'ask', client: number, ask: Ask }
  | { do: 'restart' }

const ALL_TOPICS: Topic[][] = [
  ['metrics', 'alerts', 'pops'],
  ['metrics', 'alerts'],
  ['alerts'],
  ['alerts', 'pops'],
  ['metrics', 'pops']
]
const client = fc.nat({ max: ALL_TOPICS.length - 1 })
/** In the midst of a fan-out. */
const amidOf = (asks: Ask[]) => fc.option(fc.record({ client, ask: fc.constantFrom<Ask | 'cut'>(...asks, 'cut') }))
const actionOf = (asks: Ask[]): fc.Arbitrary<Action> =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('tick' as const),
        regressed: fc.boolean(),
        fails: fc.nat({ max: 5 }).map((n) => n === 0),
        amid: amidOf(asks)
      })
    },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('handle' as const), client, messages: fc.integer({ min: 1, max: 6 }) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constantFrom('cut' as const, 'connect' as const, 'connect' as const, 'stall' as const, 'drain' as const),
        client
      })
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('ask' as const), client, ask: fc.constantFrom(...asks) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) }
  )

/** Every alert that was published, by epoch: the seq of its tick, and what it was. */
type Published = Map<string, Array<{ tickSeq: number, key: string }>>

/** One client over all its connections. It handles what it was sent when it is told to, and never sees the rest. */
class Model {
  readonly reference = new ReferenceClient()
  readonly topics: Topic[]
  socket: FakeSocket | null = null
  #handled = 0

  constructor (topics: Topic[]) {
    this.topics = topics
  }

  connect (service: Service): void {
    if (this.socket?.readyState === 1) return
    this.#handled = 0
    this.socket = new FakeSocket()
    this.#slowDown(service)
    service.open(this.socket, this.reference.position, this.topics)
  }

  handle (messages: number): void {
    if (this.socket === null) return
    const waiting = messagesOf(this.socket).slice(this.#handled, this.#handled + messages)
    for (const message of waiting) this.reference.handle(message)
    this.#handled += waiting.length
  }

  cut (): void {
    if (this.socket !== null && this.socket.readyState !== 3) this.socket.finish(1006)
    this.socket = null
  }

  ask (ask: Ask): void {
    if (this.socket?.readyState !== 1) return
    if (ask === 'ping') this.socket.receive({ type: 'ping' })
    else {
      this.socket.receive({ type: 'subscribe', topics: this.topics, ...(ask === 'since' && { since: this.reference.position }) })
    }
  }

  /** Every write takes a slice's time, so that a fan-out is never in one piece. */
  #slowDown ({ clock }: Service): void {
    const { stream } = this.socket as FakeSocket
    const write = stream.write.bind(stream)
    stream.write = (frame) => {
      clock.pass(10)
      return write(frame)
    }
  }
}

/**
 * @param exactly nothing may come twice; else only what is marked as sent again
 * @throws naming what is wrong with what a client has heard
 */
function check ({ reference: { heard }, topics }: Model, published: Published, exactly: boolean): void {
  let chain: { epoch: string, from: number } | null = null
  let last: { epoch: string, seq: number } | null = null
  let alerts = new Set<string>()
  let fresh = true
  for (const one of heard) {
    // What another process said is of no use here, and every message says which one it is of.
    if (one.what !== 'begin' && last !== null && one.epoch !== last.epoch) {
      chain = last = null
      alerts = new Set()
    }
    if (one.what === 'begin') {
      if (!one.recovered) {
        chain = last = null
        alerts = new Set()
      }
      fresh = !one.recovered
    } else if (one.what === 'alert') {
      const key = keyOf(one)
      // Of the tick that it was cut off in the midst of, the alerts come again: one number cannot say how many it had.
      const isCut = (last === null || last.seq < one.tickSeq) && (topics.includes('metrics') || !hasAll(published, one, alerts))
      if (alerts.has(key) && !(one.replay && (isCut || !exactly))) throw new Error(`an alert twice: ${key}`)
      alerts.add(key)
      if (!fresh || !one.replay) chain ??= { epoch: one.epoch, from: one.tickSeq - 1 }
    } else if (!exactly && one.replay && last !== null && last.epoch === one.epoch && one.seq <= last.seq) {
      continue
    } else {
      if (last !== null && last.epoch === one.epoch && one.seq <= last.seq) {
        throw new Error(`an update twice: ${one.seq} after ${last.seq}`)
      }
      if (last !== null && one.seq - last.seq - 1 !== one.skipped) {
        throw new Error(`a gap: ${one.seq} after ${last.seq}, skipped ${one.skipped}`)
      }
      chain ??= { epoch: one.epoch, from: one.seq }
      last = one
      if (topics.includes('alerts')) lacksNone(published, chain, one.seq, alerts)
      fresh = false
    }
  }
}

function lacksNone (
  published: Published,
  { epoch, from }: { epoch: string, from: number },
  upTo: number,
  alerts: Set<string>
): void {
  for (const { tickSeq, key } of published.get(epoch) ?? []) {
    if (tickSeq > from && tickSeq <= upTo && !alerts.has(key)) throw new Error(`an alert of ${tickSeq} was lost: ${key}`)
  }
}

function hasAll (published: Published, { epoch, tickSeq }: { epoch: string, tickSeq: number }, alerts: Set<string>): boolean {
  return (published.get(epoch) ?? []).every((alert) => alert.tickSeq !== tickSeq || alerts.has(alert.key))
}

const keyOf = ({ epoch, tickSeq, id, state }: Omit<Extract<Heard, { what: 'alert' }>, 'what' | 'replay'>) =>
  `${epoch} ${tickSeq} ${id} ${state}`

function openSet ({ view }: Service): unknown {
  const set = JSON.parse(payloadOf(view.openAlerts(view.seq, null).set.as(PLAIN)).toString()) as OpenAlertsMessage
  return set.data.alerts.toSorted((a, b) => a.id < b.id ? -1 : 1)
}

const kinds: Array<{ name: string, asks: Ask[], exactly: boolean }> = [
  {
    name: 'that comes back by the URL has no gap, and twice only alerts of a tick that was cut in its midst',
    asks: ['ping', 'subscribe'],
    exactly: true
  },
  {
    name: 'that also gives since has no gap, and twice only what is marked',
    asks: ['ping', 'subscribe', 'since'],
    exactly: false
  }
]

for (const { name, asks, exactly } of kinds) {
  t.test(`what a client has handled ${name}, and it ends with what is open`, async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(actionOf(asks), { minLength: 20, maxLength: 100, size: 'max' }), async (actions) => {
        const published: Published = new Map()
        let starts = 0
        const start = () => {
          const epoch = `e${++starts}`
          const service = serveSessions({ epoch, maxBufferedBytes: 1_048_576, maxSkippedUpdates: 100 })
          const own: Array<{ tickSeq: number, key: string }> = []
          published.set(epoch, own)
          service.updates.follow(({ tick }) => {
            for (const {
              data: { id, state },
              tickSeq
            } of tick?.content.alerts ?? []) { own.push({ tickSeq, key: keyOf({ epoch, tickSeq, id, state }) }) }
          })
          return service
        }
        let service = start()
        const models = ALL_TOPICS.map((topics) => new Model(topics))
        const act = (step: { client: number, ask: Ask | 'cut' }) => {
          const model = models[step.client] as Model
          if (step.ask === 'cut') model.cut()
          else model.ask(step.ask)
        }
        for (const step of actions) {
          if (step.do === 'tick') {
            service.source.onCollect = async () => {
              if (step.fails) throw new SourceError('timeout', 'late')
              return (step.regressed ? regressedPops : steadyPops)(service.clock.now())
            }
            service.clock.onTurn = () => {
              service.clock.onTurn = () => {}
              if (step.amid !== null) act(step.amid)
            }
            await service.tick()
            await service.clock.advance(INTERVAL_MS)
          } else if (step.do === 'restart') {
            for (const model of models) model.cut()
            service = start()
          } else if (step.do === 'ask') {
            act(step)
          } else {
            const model = models[step.client] as Model
            if (step.do === 'connect') model.connect(service)
            else if (step.do === 'cut') model.cut()
            else if (step.do === 'handle') model.handle(step.messages)
            else if (step.do === 'stall' && model.socket !== null) model.socket.stream.writableNeedDrain = true
            else if (step.do === 'drain') model.socket?.stream.drain()
          }
        }
        for (const model of models) {
          model.connect(service)
          model.socket?.stream.drain()
          model.handle(Infinity)
          check(model, published, exactly)
          if (!model.topics.includes('alerts')) continue
          const held = [...model.reference.alerts.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, data]) => data)
          if (JSON.stringify(held) !== JSON.stringify(openSet(service))) {
            throw new Error(`holds ${JSON.stringify(held)}, open is ${JSON.stringify(openSet(service))}`)
          }
        }
      }),
      seededRuns(t, 300)
    )
  })
}
