import { LeasedLog, type LeasedLogOptions } from '../leased-log.ts'
import { RedisEngine } from './redis-engine.ts'

export interface RedisLogOptions<Update> extends Omit<LeasedLogOptions<Update>, 'engine'> {
  url: string
  /** Of the stream. */
  name: string
}

/** The stream of several instances, in Redis or Valkey. */
export class RedisLog<Update, Note> extends LeasedLog<Update, Note> {
  constructor ({ url, name, ...options }: RedisLogOptions<Update>) {
    super({ ...options, engine: new RedisEngine({ url, name, clock: options.clock }) })
  }
}
