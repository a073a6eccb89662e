import t from 'tap'
import { isBlocked } from '../../lib/blocked-ports.ts'

/** The list ends before. */
const PORTS = Array.from({ length: 10_100 }, (_, port) => port)

/** What the fetch of this Node sends nothing to; no connection is made. */
async function portsThatFetchRefuses (): Promise<number[]> {
  const refused = []
  // Whoever is asked to send a request has been let through.
  const dispatcher = { dispatch () { throw new Error('sent') } }
  for (const port of PORTS) {
    const answer = fetch(`http://127.0.0.1:${port}`, { dispatcher } as object)
    const why = await answer.then(() => 'nothing', ({ cause }) => cause?.message)
    if (why === 'bad port') refused.push(port)
    else if (why !== 'sent') throw new Error(`port ${port}: ${why}`)
  }
  return refused
}

t.test('every port that fetch refuses is known, and no other but those of a newer edition of the standard', async (t) => {
  const refused = await portsThatFetchRefuses()
  t.ok(refused.length > 70)
  const known = PORTS.filter((port) => isBlocked(new URL(`http://a:${port}`)))
  const newer = [0, 4190, 6679]
  t.strictSame(known.filter((port) => !newer.includes(port)), refused.filter((port) => !newer.includes(port)))
})

t.test('the port of the protocol is none of them', async (t) => {
  t.notOk(isBlocked(new URL('http://a')))
  t.notOk(isBlocked(new URL('https://a:443')))
})
