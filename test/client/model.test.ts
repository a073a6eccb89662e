import fc from 'fast-check'
import t from 'tap'
import type { Pop, Subscription, TransportKind } from '../../client/index.ts'
import type { Position } from '../../client/store.ts'
import { clientSide, type FakeStream, type FakeWebSocket } from '../support/client-side.ts'
import { settle } from '../support/fake-clock.ts'
import {
  alertOf, at, confirmed, HEARTBEAT_MS, pong, pop, popsUpdate, shutdown, sourceError, update, welcome, type PopChange
} from '../support/feed-messages.ts'
import { seededRuns } from '../support/seed.ts'

/** So many updates can be sent again. */
const LOG_LENGTH = 4
const STALE_AFTER_MS = 22_500
const CONNECT_TIMEOUT_MS = 10_000
const PONG_TIMEOUT_MS = 5_000
const CODES = ['p0', 'p1', 'p2', 'p3']
const IDS = ['a0', 'a1', 'a2']

/** What a tick brings: the value of a PoP, or that it is gone; that an alert is there (at first, or changed), or resolved. */
interface News { pops: Record<string, number | null>, alerts: Record<string, 'open' | 'resolve'> }
type Action =
  | { do: 'tick', news: News, whole: boolean, handed: number | null, loses: boolean }
  | { do: 'drop', handed: number, next: number | null }
  | { do: 'restart', says: boolean, news: News | null }
  | { do: 'time' | 'sleep', ms: number }
  | { do: 'set', subscription: Subscription }
  | { do: 'fail' | 'freeze' | 'thaw' }

const few = <Value> (keys: string[], value: fc.Arbitrary<Value>) => fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 3 })
const news = fc.record({
  pops: few(CODES, fc.oneof(fc.nat({ max: 20 }), fc.constant(null))),
  alerts: few(IDS, fc.constantFrom('open' as const, 'resolve' as const))
})
/** After so many messages. */
const rarely = (max: number) => fc.nat({ max: 3 * max }).map((n) => n <= max ? n : null)
const subscription = fc.record({
  metrics: fc.boolean(),
  alerts: fc.boolean(),
  pops: fc.oneof(fc.boolean(), fc.constant(true), fc.subarray(CODES, { minLength: 1 }))
}).filter(({ metrics, alerts, pops }) => metrics || alerts || pops !== false)
const just = <What extends string> (what: What) => fc.record({ do: fc.constant(what) })
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('tick' as const),
      news,
      whole: fc.nat({ max: 5 }).map((n) => n === 0),
      handed: rarely(2),
      loses: fc.nat({ max: 9 }).map((n) => n === 0)
    })
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), handed: fc.nat({ max: 8 }), next: rarely(6) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), says: fc.boolean(), news: fc.option(news) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('time' as const), ms: fc.integer({ min: 500, max: 12_000 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('sleep' as const), ms: fc.integer({ min: 500, max: 40_000 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('set' as const), subscription }) },
  { weight: 2, arbitrary: just('fail') },
  { weight: 1, arbitrary: just('freeze') },
  { weight: 2, arbitrary: just('thaw') }
)

type Told = Record<string, any> & { type: string }
/** A message, and what it is worth: who has handled it knows exactly these PoPs; when it was made. */
interface Item { message: Told | null, pops?: ReadonlyMap<string, Pop>, madeAt: number }
interface Entry { seq: number, alerts: Told[], metrics: Told, madeAt: number }
interface Line {
  peer: FakeWebSocket | FakeStream
  queue: Item[]
  topics: Set<string>
  filter: string[] | null
  delta: boolean
  popsAt: number
  pops: ReadonlyMap<string, Pop>
  answered: number
  commentAt: number
}

/** What a client may show, from what it was handed and nothing else. */
class Known {
  position: Position | null = null
  pops: ReadonlyMap<string, Pop> = new Map()
  popsAt: Position | null = null
  readonly alerts = new Map<string, object>()
  /** Those of another process, until this one knows. */
  readonly doubted = new Set<string>()
  /** Since it was told the set by one that knows it. */
  knowsAlerts = false
  newest: { madeAt: number, stale: boolean, error: number } | null = null
  /** By so much it may take the server's clock for less ahead than it is: what told it was under way for so long. */
  #error = 0

  hand ({ message, pops, madeAt }: Item, now: number): void {
    if (message === null) return
    const { type, epoch, seq, data } = message
    const delay = now - madeAt
    if (type === 'welcome') {
      this.knowsAlerts = false
      this.#error = Math.min(delay, CONNECT_TIMEOUT_MS)
    }
    if (type === 'pong' && delay < PONG_TIMEOUT_MS) this.#error = Math.max(this.#error, delay)
    if (type === 'subscription_confirmed') this.#confirm(message.topics)
    if (type === 'alert') this.doubted.delete(data.id)
    if (type === 'alert' && data.state === 'resolved') this.alerts.delete(data.id)
    else if (type === 'alert') this.alerts.set(data.id, data)
    if (type === 'open_alerts' && seq === 0 && data.alerts.length === 0) {
      for (const id of this.alerts.keys()) this.doubted.add(id)
    } else if (type === 'open_alerts') {
      this.alerts.clear()
      this.doubted.clear()
      for (const alert of data.alerts) this.alerts.set(alert.id, alert)
      this.knowsAlerts = true
    }
    if (type === 'metrics_update') {
      for (const id of this.doubted) this.alerts.delete(id)
      this.doubted.clear()
    }
    if (type === 'pops_update') {
      const fits = !message.delta || (this.popsAt?.epoch === epoch && this.popsAt?.seq === message.baseSeq)
      if (fits) this.pops = pops as ReadonlyMap<string, Pop>
      this.popsAt = fits ? { epoch, seq } : null
      if (!fits) return this.#move(message)
    }
    if (type.endsWith('_update') && madeAt >= (this.newest?.madeAt ?? -Infinity)) {
      this.newest = { madeAt, stale: message.status === 'stale', error: this.#error }
    }
    this.#move(message)
  }

  #confirm (topics: string[]): void {
    if (!topics.includes('alerts')) {
      this.alerts.clear()
      this.doubted.clear()
      this.knowsAlerts = false
    }
    if (!topics.includes('pops')) {
      this.pops = new Map()
      this.popsAt = null
    }
  }

  /** PROTOCOL.md, Position, rule 1. */
  #move ({ type, epoch, seq }: Told): void {
    if (epoch === undefined) return
    const sets = type === 'welcome' || type === 'subscription_confirmed' || epoch !== this.position?.epoch
    this.position = { epoch, seq: sets ? seq : Math.max(seq, (this.position as Position).seq) }
  }
}

/** A server, the network before it, and the one client. */
class World {
  readonly side
  readonly known = new Known()
  readonly errors: unknown[] = []
  readonly #start: number
  #starts = 0
  #epoch = ''
  #seq = 0
  #pops = new Map<string, Pop>()
  readonly #alerts = new Map<string, { data: object, tickSeq: number }>()
  #log: Entry[] = []
  #failures = 0
  #line: Line | null = null
  #seen = 0
  #frozen = false
  /** What was asked for last; it may not be confirmed yet. */
  #wants: Subscription = { metrics: true, alerts: true, pops: true }
  /** The next connection is cut after so many messages. */
  #cutAfter: number | null = null

  constructor (transport: TransportKind) {
    this.side = clientSide({
      transport, history: 0, staleAfterMs: STALE_AFTER_MS, subscribe: { metrics: true, alerts: true, pops: true }
    })
    this.#start = this.side.clock.now()
    this.side.client.on('error', (error) => { if (error.message !== 'deltas do not fit') this.errors.push(error) })
    this.#boot()
  }

  get #now (): number {
    return this.side.clock.now() - this.#start
  }

  async act (action: Action): Promise<void> {
    const { clock, client } = this.side
    if (action.do === 'tick') await this.#tick(action)
    else if (action.do === 'fail') await this.#fail()
    else if (action.do === 'freeze') this.#frozen = true
    else if (action.do === 'thaw') this.#frozen = false
    else if (action.do === 'sleep') clock.pass(action.ms)
    else if (action.do === 'time') {
      for (let left = action.ms; left > 0; left -= 1_000) {
        await clock.advance(Math.min(left, 1_000))
        await this.#pump()
      }
    } else if (action.do === 'set') {
      this.#wants = action.subscription
      client.setSubscription(action.subscription).catch((error) => { if (error.code !== 'ABORTED') this.errors.push(error) })
    } else if (action.do === 'drop') {
      await this.#deliver(action.handed)
      this.#cut()
      this.#cutAfter = action.next
    } else if (action.do === 'restart') {
      if (action.says) this.#line?.queue.push({ message: shutdown(3_000), madeAt: this.#now })
      if (!this.#frozen) await this.#deliver()
      this.#cut(1001)
      this.#boot()
      if (action.news !== null) await this.#tick({ news: action.news })
    }
    this.check()
    await this.#pump()
  }

  /** Whatever has happened, it ends with what there is. */
  async end (): Promise<void> {
    const { clock, client } = this.side
    this.#frozen = false
    this.#cutAfter = null
    // The first update may tell of a gap, for which it comes back.
    for (const least of [30, 0]) {
      for (let s = 0; s < 90 && (s < least || this.side.state !== 'live'); s++) {
        await clock.advance(1_000)
        await this.#pump()
      }
      await this.act({ do: 'tick', news: { pops: { p0: this.#seq }, alerts: {} }, whole: false, handed: null, loses: false })
      await clock.advance(0)
      await this.#pump()
    }
    const { connection, freshness } = client.snapshot
    if (connection.name !== 'live' || freshness.state !== 'fresh') {
      throw new Error(`ends ${connection.name} and ${freshness.state}`)
    }
    const { totalPops } = client.snapshot.overview ?? {}
    same('PoPs that are counted at the end', totalPops, this.#wants.metrics ? this.#pops.size : undefined)
    if (this.#line?.topics.has('pops')) same('PoPs at the end', [...client.snapshot.pops], [...this.#wanted(this.#line)])
    const closed = client.close()
    await clock.advance(1_000)
    await closed
    await clock.advance(0)
    if (this.errors.length > 0) throw this.errors[0]
  }

  check (): void {
    const { known, side: { client } } = this
    const { pops, alerts, freshness: { state } } = client.snapshot
    same('PoPs', [...pops], [...known.pops])
    for (const [id, alert] of alerts) same(`alert ${id}`, alert, known.alerts.get(id))
    if (known.knowsAlerts) same('alerts', [...alerts.keys()], [...known.alerts.keys()])
    const line = this.#line
    if (known.knowsAlerts && line?.topics.has('alerts') && !line.peer.isClosed && line.queue.length === 0) {
      same('open alerts', [...alerts.keys()], [...this.#alerts.keys()])
    }
    if (state === 'none' !== (known.newest === null)) throw new Error(`${state} of ${JSON.stringify(known.newest)}`)
    const { madeAt, error } = known.newest ?? { madeAt: this.#now, error: 0 }
    if (state !== 'none' && state !== 'stale' && this.#now - madeAt >= STALE_AFTER_MS + error) {
      throw new Error(`${state} of what is ${this.#now - madeAt} ms old`)
    }
    if (known.newest?.stale && state !== 'stale') throw new Error(`${state} of what the server calls stale`)
    if (known.newest?.madeAt === this.#now && !known.newest.stale && state !== 'fresh') throw new Error(`${state} of what is new`)
    if (this.errors.length > 0) throw this.errors[0]
  }

  #boot (): void {
    this.#epoch = `e${++this.#starts}`
    this.#seq = this.#failures = 0
    this.#log = []
    this.#pops = new Map()
    this.#alerts.clear()
  }

  async #tick ({ news: { pops, alerts }, whole = false, handed = null, loses = false }: {
    news: News, whole?: boolean, handed?: number | null, loses?: boolean
  }): Promise<void> {
    const seq = ++this.#seq
    this.#failures = 0
    const next = new Map(this.#pops)
    for (const [code, coldStartMs] of Object.entries(pops)) {
      if (coldStartMs === null) next.delete(code)
      else next.set(code, pop(code, { coldStartMs, healthy: coldStartMs < 10, sampleTime: at(this.#now - 1_000 - coldStartMs) }))
    }
    this.#pops = next
    const changes = Object.entries(alerts).flatMap(([id, change]) => {
      const isOpen = this.#alerts.has(id)
      if (change === 'resolve' && !isOpen) return []
      const data = alertOf(id, { state: change === 'resolve' ? 'resolved' : isOpen ? 'updated' : 'opened', recentMs: seq })
      if (change === 'resolve') this.#alerts.delete(id)
      else this.#alerts.set(id, { data, tickSeq: seq })
      return [{ type: 'alert', data, epoch: this.#epoch, tickSeq: seq }]
    })
    this.#publish(changes, 'fresh', whole, loses)
    if (handed === null || this.#frozen) return
    await this.#deliver(handed)
    this.#cut()
  }

  /** At the second time the data turns stale. */
  async #fail (): Promise<void> {
    if (++this.#failures === 2 && this.#seq > 0) {
      this.#seq++
      this.#publish([], 'stale', false, false)
    }
    this.#line?.queue.push({ message: this.#error(), madeAt: this.#now })
  }

  #error (): Told {
    return sourceError({}, this.#now) as Told
  }

  #publish (alerts: Told[], status: 'fresh' | 'stale', whole: boolean, loses: boolean): void {
    const data = { totalPops: this.#pops.size, healthyPops: 0, averageColdStart: 1, regressions: this.#alerts.size }
    const metrics: Told = { ...update({ data, status, epoch: this.#epoch, seq: this.#seq }, this.#now) }
    const entry = { seq: this.#seq, alerts, metrics, madeAt: this.#now }
    this.#log = [...this.#log, entry].slice(-LOG_LENGTH)
    const line = this.#line
    if (line === null) return
    this.#queueEntry(line, entry, {})
    if (line.topics.has('pops')) this.#queuePops(line, whole, status, this.#now)
    // Only a defect loses a message; a client notices by the next delta, not by a whole one.
    if (loses && line.queue.at(-1)?.message?.delta) line.queue.pop()
  }

  #queueEntry ({ queue, topics }: Line, { seq, alerts, metrics, madeAt }: Entry, more: object): void {
    if (topics.has('alerts')) {
      alerts.forEach((alert, index) => {
        const isAll = !topics.has('metrics') && index === alerts.length - 1
        queue.push({ message: { ...alert, seq: isAll ? seq : seq - 1, ...more }, madeAt })
      })
    }
    if (topics.has('metrics')) queue.push({ message: { ...metrics, ...more }, madeAt })
  }

  #wanted ({ filter }: Line): Map<string, Pop> {
    return new Map([...this.#pops].filter(([code]) => filter === null || filter.includes(code)))
  }

  #queuePops (line: Line, whole: boolean, status: 'fresh' | 'stale', madeAt: number): void {
    const pops = this.#wanted(line)
    const now = { epoch: this.#epoch, seq: this.#seq, status }
    const isWhole = whole || !line.delta || line.popsAt < 0
    const changed = [...pops.values()].filter((one) => line.pops.get(one.code) !== one).map((one): PopChange => {
      const before = line.pops.get(one.code) as unknown as Record<string, unknown> | undefined
      const { sampleTime, ...fields } = one
      const told = Object.entries(fields).filter(([name, value]) => before?.[name] !== value)
      return { ...Object.fromEntries(told), code: one.code, lagMs: Date.parse(at(madeAt - 1_000)) - Date.parse(sampleTime) }
    })
    const removed = [...line.pops.keys()].filter((code) => !pops.has(code))
    const message = isWhole
      ? popsUpdate({ ...now, data: { pops: [...pops.values()] } }, madeAt)
      : popsUpdate({ ...now, delta: true, fields: true, baseSeq: line.popsAt, data: { changed, removed } }, madeAt)
    line.queue.push({ message, pops, madeAt })
    line.pops = pops
    line.popsAt = this.#seq
  }

  /** What the server and the network do by themselves, until there is nothing left to do. */
  async #pump (): Promise<void> {
    do await settle()
    while (await this.#turn())
    this.check()
  }

  /** @returns whether something was done */
  async #turn (): Promise<boolean> {
    const peers = [...this.side.sockets, ...this.side.streams]
    const isNew = peers.length > this.#seen
    this.#seen = peers.length
    const peer = peers.at(-1)
    if (this.#line?.peer.isClosed) this.#line = null
    if (isNew && peer && !peer.isClosed) await this.#accept(peer)
    const line = this.#line
    if (line === null || this.#frozen) return isNew
    const isBusy = this.#answer(line) || line.queue.length > 0 || isNew
    const isCut = this.#cutAfter !== null
    await this.#deliver(this.#cutAfter ?? Infinity)
    this.#cutAfter = null
    if (isCut) this.#cut()
    return isBusy
  }

  async #deliver (count = Infinity): Promise<void> {
    const line = this.#line
    if (line === null) return
    const { peer, queue } = line
    for (let left = Math.min(count, queue.length); left > 0 && !peer.isClosed; left--) {
      const item = queue.shift() as Item
      if (item.message !== null) peer.receive(item.message)
      else (peer as FakeStream).receiveText(':\n\n')
      if (peer.kind === 'sse') await settle()
      // One that comes too late is not taken in.
      if (item.message?.type !== 'welcome' || !peer.isClosed) this.known.hand(item, this.#now)
      this.check()
    }
  }

  #cut (code?: number): void {
    const line = this.#line
    this.#line = null
    if (line !== null && !line.peer.isClosed) line.peer.end(code)
  }

  async #accept (peer: FakeWebSocket | FakeStream): Promise<void> {
    const asked = peer.url.searchParams
    const since = asked.has('epoch') ? { epoch: `${asked.get('epoch')}`, seq: Number(asked.get('seq')) } : null
    const { overview } = this.side.client.snapshot
    // Who was sent the metrics and has not shown them begins anew with them.
    const beginsAnew = since === null && overview === null && this.known.newest !== null
    same('position', since, beginsAnew ? null : this.known.position)
    const line: Line = this.#line = {
      peer,
      queue: [],
      topics: new Set(asked.get('topics')?.split(',')),
      filter: asked.get('pops')?.split(',') ?? null,
      delta: asked.has('delta'),
      popsAt: -1,
      pops: new Map(),
      answered: 0,
      commentAt: this.#now
    }
    if (peer.kind === 'sse') {
      (peer as FakeStream).open()
      await settle()
    }
    const reason = since === null ? undefined : this.#lacks(since)
    const isRecovered = since !== null && reason === undefined
    const seq = isRecovered ? since.seq : line.topics.has('metrics') ? Math.max(0, this.#seq - 1) : this.#seq
    const own = { epoch: this.#epoch, seq, headSeq: this.#seq }
    this.#say(line, welcome(own, this.#now))
    this.#confirm(line, {
      seq,
      ...isRecovered && { recovered: true, fromSeq: seq + 1 },
      ...reason && { recovered: false, code: 'UNRECOVERABLE_POSITION', reason }
    })
    if (isRecovered) for (const entry of this.#log) if (entry.seq > seq) this.#queueEntry(line, entry, { replay: true })
    this.#present(line, isRecovered ? ['pops'] : [...line.topics], since !== null)
    if (this.#failures > 0) this.#say(line, this.#error())
    if (peer.kind === 'sse') this.#say(line, this.#pong())
  }

  #lacks ({ epoch, seq }: Position): 'other_epoch' | 'unknown_seq' | 'too_old' | undefined {
    if (epoch !== this.#epoch) return 'other_epoch'
    if (seq > this.#seq) return 'unknown_seq'
    return seq < this.#seq - this.#log.length ? 'too_old' : undefined
  }

  #say ({ queue }: Line, message: object): void {
    queue.push({ message: message as Told, madeAt: this.#now })
  }

  #pong (fields: object = {}): object {
    return pong({ epoch: this.#epoch, seq: this.#seq, headSeq: this.#seq, ...fields }, this.#now)
  }

  #confirm (line: Line, fields: object): void {
    const topics = [...line.topics] as Array<'metrics' | 'alerts' | 'pops'>
    this.#say(line, confirmed({ topics, epoch: this.#epoch, seq: this.#seq, headSeq: this.#seq, ...fields }))
  }

  /** The present state of these topics. */
  #present (line: Line, added: string[], alwaysTheSet: boolean): void {
    const { queue, topics } = line
    const last = this.#log.at(-1)
    const own = { epoch: this.#epoch, seq: this.#seq }
    if (added.includes('metrics') && last) queue.push({ message: last.metrics, madeAt: last.madeAt })
    if (added.includes('pops') && topics.has('pops') && last) this.#queuePops(line, true, last.metrics.status, last.madeAt)
    if (added.includes('alerts')) {
      for (const alert of this.#alerts.values()) this.#say(line, { type: 'alert', ...alert, ...own, replay: true })
    }
    if (topics.has('alerts') && (alwaysTheSet || added.includes('alerts'))) {
      this.#say(line, { type: 'open_alerts', data: { alerts: [...this.#alerts.values()].map(({ data }) => data) }, ...own })
    }
  }

  /** @returns whether there was something */
  #answer (line: Line): boolean {
    if (line.peer.kind === 'sse') {
      if (this.#now - line.commentAt < HEARTBEAT_MS) return false
      line.commentAt = this.#now
      line.queue.push({ message: null, madeAt: this.#now })
      return true
    }
    const asked = (line.peer as FakeWebSocket).sent.slice(line.answered)
    line.answered += asked.length
    for (const { type, id, ...fields } of asked) {
      const topics = (fields.topics ?? []) as string[]
      if (type === 'ping') this.#say(line, this.#pong({ id }))
      if (type === 'unsubscribe') for (const topic of topics) line.topics.delete(topic)
      if (type === 'subscribe') {
        const filter = (fields.pops ?? null) as string[] | null
        const isOther = topics.includes('pops') && JSON.stringify(filter) !== JSON.stringify(line.filter)
        const added = topics.filter((topic) => !line.topics.has(topic) || (topic === 'pops' && isOther))
        for (const topic of topics) line.topics.add(topic)
        if (topics.includes('pops')) Object.assign(line, { filter, delta: fields.delta !== undefined })
        this.#confirm(line, { id })
        this.#present(line, added, false)
      }
      if (type === 'unsubscribe') this.#confirm(line, { id })
    }
    return asked.length > 0
  }
}

function same (what: string, found: unknown, expected: unknown): void {
  const [a, b] = [found, expected].map(sorted)
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`)
}

const sorted = (value: unknown): string =>
  JSON.stringify(Array.isArray(value) ? value.map((one) => JSON.stringify(one, sortKeys)).sort() : value, sortKeys)

function sortKeys (_: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1))
}

// A stream takes more turns for each message.
for (const { transport, runs } of [{ transport: 'websocket', runs: 200 }, { transport: 'sse', runs: 100 }] as const) {
  t.test(`whatever server and network do, by ${transport} a client shows what it was told and how old that is`, async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 60, size: 'max' }), async (actions) => {
        const world = new World(transport)
        for (const one of actions) await world.act(one)
        await world.end()
      }),
      seededRuns(t, runs)
    )
  })
}
