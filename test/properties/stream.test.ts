import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import type { PopState } from '../../lib/fleet/pop-state.ts'
import type { Delta } from '../../lib/protocol/client-messages.ts'
import type { Topic } from '../../lib/protocol/fields.ts'
import type { PopsUpdateMessage, ServerMessage } from '../../lib/protocol/server-messages.ts'
import type { Position } from '../../lib/feed/update-log.ts'
import { FakeSocket } from '../support/fake-socket.ts'
import { regressedPops, steadyPops } from '../support/feeds.ts'
import { applyPops } from '../support/apply-pops.ts'
import { messagesOf } from '../support/clients.ts'
import { INTERVAL_MS, serveSessions } from '../support/sessions.ts'
import { seededRuns } from '../support/seed.ts'
import { SourceError } from '../../lib/source/source-error.ts'

const CLIENTS = 4

type Action =
  | { do: 'tick', fails: boolean, regressed: boolean }
  | { do: 'connect' | 'resume' | 'drop' | 'stall' | 'drain', client: number }
  | { do: 'subscribe' | 'unsubscribe', client: number, topics: Topic[], filter: number, delta: Delta, since: number | null }
type Subscription = Extract<Action, { topics: Topic[] }>

const client = fc.nat({ max: CLIENTS - 1 })
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('tick' as const),
      fails: fc.nat({ max: 4 }).map((n) => n === 0),
      regressed: fc.boolean()
    })
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('connect' as const, 'resume' as const, 'drop' as const, 'stall' as const, 'drain' as const),
      client
    })
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('subscribe' as const, 'subscribe' as const, 'unsubscribe' as const),
      client,
      topics: fc.uniqueArray(fc.constantFrom<Topic>('metrics', 'alerts', 'pops'), { minLength: 1 }),
      filter: fc.nat({ max: 2 }),
      delta: fc.constantFrom<Delta>(false, true, 'fields'),
      since: fc.option(fc.nat({ max: 5 }))
    })
  }
)

const FILTERS = [undefined, ['fra1'], ['ams1']]

/** The PoPs after each tick. */
type Published = Map<number, readonly PopState[]>

/** A client that remembers, over all its connections, what it was told. */
class ModelClient {
  socket: FakeSocket | null = null
  position: Position | null = null
  /** Whether its present connection has had metrics all the time: only then can there be a gap. */
  steady = true

  get isConnected (): boolean {
    return this.socket !== null && this.socket.readyState === 1
  }
}

/** Checks all that one connection was sent. @throws naming what is wrong */
function check (socket: FakeSocket, resumedFrom: Position | null, steady: boolean, published: Published): void {
  const messages = messagesOf(socket)
  const updates = messages.filter((message) => message.type === 'metrics_update')
  const seqs = updates.map(({ seq }) => seq)
  const live = updates.filter(({ replay }) => replay === undefined).map(({ seq }) => seq)
  // Who leaves a topic and comes back is told the present update again, as such.
  if (new Set(live).size !== live.length) throw new Error(`an update twice: ${seqs}`)
  if (live.some((seq, index) => index > 0 && seq <= (live[index - 1] as number))) throw new Error(`out of order: ${live}`)
  for (const [index, { seq, skipped = 0, replay }] of updates.entries()) {
    const previous = updates[index - 1]?.seq
    if (steady && previous !== undefined && replay === undefined && seq - previous - 1 !== skipped) {
      throw new Error(`a gap in silence: ${seqs}, skipped ${skipped}`)
    }
  }
  const confirmed = messages.find((message) => message.type === 'subscription_confirmed')
  if (
    steady &&
    resumedFrom !== null &&
    confirmed?.recovered === true &&
    seqs.length > 0 &&
    // One that is slow already when it resumes is told how many it skipped.
    seqs[0] !== resumedFrom.seq + 1 + (updates[0]?.skipped ?? 0) &&
    seqs[0] !== confirmed.seq
  ) {
    throw new Error(`resumed after ${resumedFrom.seq} with ${seqs}`)
  }
  const alerts = messages
    .filter((message) => message.type === 'alert' && message.replay === undefined)
    .map((message) => JSON.stringify(message))
  if (new Set(alerts).size !== alerts.length) throw new Error('an alert twice')
  checkPops(messages, published)
}

/** What a client of `pops` has put together from whole updates and deltas is what there was. */
function checkPops (messages: ServerMessage[], published: Published): void {
  let known = 0
  let states = new Map<string, PopState>()
  for (const message of messages) {
    if (message.type !== 'pops_update') continue
    if (message.seq < known) throw new Error('PoPs out of order')
    if (!('pops' in message.data) && message.baseSeq !== known) {
      throw new Error(`a delta on ${message.baseSeq}, known is ${known}`)
    }
    states = applyPops(states, message)
    known = message.seq
    for (const state of published.get(message.seq) ?? []) {
      const held = states.get(state.code)
      // That it has a newer sample is no change of its own.
      const expected = { ...state, sampleTime: held?.sampleTime }
      if (held !== undefined && !isDeepStrictEqual(held, expected)) {
        throw new Error(`${state.code} is ${JSON.stringify(state)}, the client has ${JSON.stringify(held)}`)
      }
    }
    checkTimes(message, states, published)
  }
}

/** The sample times of what an update tells are those that there were. */
function checkTimes ({ data, seq }: PopsUpdateMessage, states: ReadonlyMap<string, PopState>, published: Published): void {
  const told = new Set(('pops' in data ? data.pops : data.changed).map(({ code }) => code))
  for (const { code, sampleTime } of published.get(seq) ?? []) {
    const held = states.get(code)?.sampleTime
    if (told.has(code) && held !== sampleTime) throw new Error(`${code} was sampled at ${sampleTime}, the client has ${held}`)
  }
}

t.test(
  'under any interleaving of ticks, failures, connects, resumes, stalls and drops: ' +
    'no gap in silence, no duplicate, no reordering, nothing leaked',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 30, maxLength: 120, size: 'max' }), async (actions) => {
        const service = serveSessions()
        const { clock, connections, view, filters, source } = service
        const clients = Array.from({ length: CLIENTS }, () => new ModelClient())
        const end = (model: ModelClient, resumedFrom: Position | null) => {
          if (model.socket === null) return
          check(model.socket, resumedFrom, model.steady, published)
          const last = messagesOf(model.socket).findLast((message) => message.type === 'metrics_update')
          if (last !== undefined) model.position = { epoch: last.epoch, seq: last.seq }
          if (model.socket.readyState !== 3) model.socket.finish(1006)
          model.socket = null
        }
        const resumed = new Map<ModelClient, Position | null>()
        const published: Published = new Map()
        const open = (model: ModelClient, position: Position | null) => {
          if (model.isConnected) return
          end(model, resumed.get(model) ?? null)
          resumed.set(model, position)
          model.steady = true
          model.socket = service.open(new FakeSocket(), position).socket
        }
        for (const step of actions) {
          if (step.do === 'tick') {
            source.onCollect = async () => {
              if (step.fails) throw new SourceError('timeout', 'late')
              const measurements = (step.regressed ? regressedPops : steadyPops)(clock.now())
              // One of the two PoPs is another at every tick, so that every delta matters.
              const readings = measurements.readings.map((reading) =>
                reading.pop === 'fra1' ? { ...reading, value: 5 + view.seq / 100 } : reading
              )
              return { ...measurements, readings }
            }
            await service.tick()
            published.set(view.seq, view.latest()?.content.pops.states ?? [])
            await clock.advance(INTERVAL_MS)
            continue
          }
          const model = clients[step.client] as ModelClient
          if (step.do === 'connect') open(model, null)
          else if (step.do === 'resume') open(model, model.position)
          else if (!model.isConnected) continue
          else if (step.do === 'drop') end(model, resumed.get(model) ?? null)
          else if (step.do === 'stall') (model.socket as FakeSocket).stream.writableNeedDrain = true
          else if (step.do === 'drain') model.socket?.stream.drain()
          else if (isSubscription(step)) {
            // What is recovered late comes late, so the order says nothing there.
            model.steady &&= step.do === 'subscribe' && step.topics.includes('metrics') && step.since === null
            const pops =
              step.do === 'subscribe' && step.topics.includes('pops') ? { pops: FILTERS[step.filter], delta: step.delta } : {}
            const since =
              step.do === 'subscribe' && step.since !== null
                ? { since: { epoch: view.epoch, seq: Math.max(0, view.seq - step.since) } }
                : {}
            model.socket?.receive({ type: step.do, topics: step.topics, ...pops, ...since })
          }
        }
        const open1 = clients.filter(({ isConnected }) => isConnected).length
        const tracked = Array.from(connections).filter(({ isOpen }) => isOpen).length
        if (tracked !== open1) throw new Error(`${tracked} tracked, ${open1} open`)
        for (const model of clients) end(model, resumed.get(model) ?? null)
        if (connections.size !== 0 || filters.size !== 0) {
          throw new Error(`leaked: ${connections.size} connections, ${filters.size} filters`)
        }
      }),
      seededRuns(t, 300)
    )
  }
)

function isSubscription (action: Action): action is Subscription {
  return 'topics' in action
}
