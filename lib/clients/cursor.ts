import type { Position } from '../feed/update-log.ts'
import { SentSeqs } from './sent-seqs.ts'

/**
 * Where a connection stands in the stream: the position that it is told is always one up to which it has been sent
 * everything of its topics, never the head that the feed has reached meanwhile.
 */
export class Cursor {
  #epoch = ''
  #seq = 0
  /** The newest tick whose update of the metrics it needs no more. */
  metrics = 0
  /** The newest tick whose alerts it needs no more. */
  alerts = 0
  /** The tick that its PoPs are of; 0: it has none, and needs a whole update to begin with. */
  pops = 0
  /** The newest tick of which it was sent an update of any kind: those between that and the next one were skipped. */
  updated = 0
  readonly #sentMetrics: SentSeqs
  readonly #sentAlerts: SentSeqs

  /** @param keptUpdates how many the log keeps */
  constructor (keptUpdates: number) {
    this.#sentMetrics = new SentSeqs(keptUpdates)
    this.#sentAlerts = new SentSeqs(keptUpdates)
  }

  get position (): Position {
    return { epoch: this.#epoch, seq: this.#seq }
  }

  get seq (): number {
    return this.#seq
  }

  /** Begins behind a position: what comes after it is to be sent. */
  begin ({ epoch, seq }: Position): void {
    this.#epoch = epoch
    this.#seq = this.metrics = this.alerts = this.updated = seq
  }

  /** Begins anew in another epoch, whose numbers say nothing of what was sent before. */
  enter (position: Position): void {
    this.begin(position)
    this.pops = 0
    this.#sentMetrics.clear()
    this.#sentAlerts.clear()
  }

  /** Everything up to here was sent. */
  reach (seq: number): void {
    this.#seq = Math.max(this.#seq, seq)
  }

  /** Something older is to be sent again: until it is, the position is there. */
  goBack (seq: number): void {
    this.#seq = Math.min(this.#seq, seq)
  }

  /** Takes metrics up again: the update after this one is to be told, even if it was before. Until then the position is here. */
  beginMetrics (seq: number): void {
    this.metrics = this.updated = seq
    this.goBack(seq)
  }

  /** Needs a whole update of the PoPs to begin with, even of a tick that it has had already. */
  beginPops (): void {
    this.pops = 0
  }

  /** Needs no alert up to here: it is told what is open as a set. */
  skipAlerts (seq: number): void {
    this.alerts = Math.max(this.alerts, seq)
  }

  /** Wants updates from the one after this on: what came before it was not skipped. */
  beginUpdates (seq: number): void {
    this.updated = Math.max(this.updated, seq)
  }

  /** Updates between the last one that it was sent and this one: it missed them, being slow. */
  skippedBefore (seq: number): number {
    return Math.max(0, seq - this.updated - 1)
  }

  /** Needs no update of the metrics up to here: it was told, elsewhere or by what it asked for. */
  skipMetrics (seq: number): void {
    this.metrics = Math.max(this.metrics, seq)
    this.updated = Math.max(this.updated, seq)
  }

  sentMetrics (seq: number): void {
    this.#sentMetrics.add(seq)
    this.skipMetrics(seq)
  }

  sentAlerts (seq: number): void {
    this.#sentAlerts.add(seq)
    this.skipAlerts(seq)
  }

  sentPops (seq: number): void {
    this.pops = seq
    this.updated = Math.max(this.updated, seq)
  }

  hadMetrics (seq: number): boolean {
    return this.#sentMetrics.has(seq)
  }

  hadAlerts (seq: number): boolean {
    return this.#sentAlerts.has(seq)
  }
}
