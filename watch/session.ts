import { PopcastClient, type PopcastOptions } from '../client/index.ts'
import { shownAddress } from './address.ts'
import type { WatchOptions } from './arguments.ts'
import { Gate } from './gate.ts'
import { Selection } from './selection.ts'
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

  constructor ({ address, ...options }: WatchOptions, clientOptions: PopcastOptions) {
    this.selection = new Selection(options)
    this.gate = new Gate(this.selection)
    this.#address = shownAddress(address)
    const subscribe = { metrics: true, alerts: true, pops: this.selection.popsFilter }
    this.client = new PopcastClient(address, { ...clientOptions, subscribe, autoConnect: false })
    // The first to listen: to everybody else it is known already.
    this.client.on('message', ({ type }) => {
      if (type !== 'pops_update') return
      this.selection.learn(this.client.snapshot.pops)
      this.arePopsKnown = true
      this.gate.open()
    })
  }

  state (): WatchState {
    return stateOf(this.client, this.selection, this.arePopsKnown, this.#address, Date.now())
  }
}
