import type { Clock } from '../../lib/clock.ts'
import type { Endpoint, Post } from '../../lib/notify/endpoint.ts'
import { Counts } from '../../lib/counts.ts'
import { Delivery } from '../../lib/notify/delivery.ts'
import { deliveryOutcomes, type Receiver } from '../../lib/notify/receiver.ts'
import { FakeLog } from './fake-log.ts'

/** What was posted. */
export interface Posted {
  host: string
  body: string
  headers: Readonly<Record<string, string>>
}

/** A network in which the test answers: with a status, or an error that is thrown. */
export function fakePosts () {
  const posted: Posted[] = []
  const network = { answer: async (_post: Posted): Promise<number> => 200 }
  const post: Post = ({ host }, body, headers) => {
    const one = { host, body, headers }
    posted.push(one)
    return network.answer(one)
  }
  return { posted, network, post }
}

export function endpoint (host = 'alerts'): Endpoint {
  return { url: `http://${host}/path-of-a-secret`, headers: {}, host }
}

/** As `fetch` fails. */
export function unreachable (): Error {
  return Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }) })
}

/** Deliveries to these hosts over one network; waits of the back-off are in its midst. */
export function deliveriesTo (receiver: Receiver['name'], clock: Pick<Clock, 'monotonic'>, ...hosts: string[]) {
  const posts = fakePosts()
  const counts = new Counts(deliveryOutcomes)
  const log = new FakeLog()
  const deliveries = hosts.map((host) =>
    new Delivery({ receiver, endpoint: endpoint(host), post: posts.post, random: () => 0.5, counts, clock, log }))
  return { ...posts, counts, log, deliveries }
}
