import { PopcastClient, type PopcastEvents, type PopcastOptions } from '../client/index.ts'
import { shownAddress } from './address.ts'
import type { WatchOptions } from './arguments.ts'
import { Gate } from './gate.ts'
import { Selection, type UnknownPops } from './selection.ts'
import { stateOf, type WatchState } from './state.ts'

/** The feed of one server, as far as it is watched. */
export class Session {
  readonly client: PopcastClient
  readonly selection: Selection
  /** What is said of PoPs passes here. */
  readonly gate: Gate
  /** Whether the server has told of the PoPs yet. */
  arePopsKnown = false
  readonly #address: string
  #isArriving = false

  constructor ({ address, ...options }: WatchOptions, clientOptions: PopcastOptions) {
    this.selection = new Selection(options)
    this.gate = new Gate(this.selection)
    this.#address = shownAddress(address)
    const subscribe = { metrics: true, alerts: true, pops: this.selection.popsFilter }
    this.client = new PopcastClient(address, { ...clientOptions, subscribe, autoConnect: false })
    // The first to listen: to everybody else it is known already.
    this.client.on('message', (message) => this.#learn(message))
    this.client.on('connection', ({ name }) => { if (name === 'connecting') this.#isArriving = true })
  }

  state (): WatchState {
    return stateOf(this.client, {
      selection: this.selection,
      arePopsKnown: this.arePopsKnown,
      isArriving: this.#isArriving,
      address: this.#address,
      now: Date.now()
    })
  }

  #learn ({ type, ...fields }: PopcastEvents['message']): void {
    // Where nothing was missed nothing comes; where the source fails it says so.
    if (type === 'subscription_confirmed') {
      this.selection.learnUnknown(fields.unknownPops as UnknownPops | undefined)
      if (fields.recovered === true && fields.seq === fields.headSeq) this.#isArriving = false
    }
    if (type === 'error' && this.client.freshness().sourceError !== null) this.#isArriving = false
    if (type !== 'pops_update') return
    this.#isArriving = false
    this.selection.learn(this.client.snapshot.pops)
    this.arePopsKnown = true
    this.gate.open()
  }
}
