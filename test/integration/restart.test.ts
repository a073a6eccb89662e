import t from 'tap'
import { TestClient } from '../support/client.ts'
import { directoryOf } from '../support/directory.ts'
import { eventually } from '../support/eventually.ts'
import { end, Follower, get, start } from '../support/restarts.ts'

t.test('the stream goes on where it was after SIGTERM, and after SIGKILL at any moment', async (t) => {
  const directory = directoryOf(t)
  const followers = Array.from({ length: 5 }, () => new Follower())
  let open: string[] = []
  for (const [round, signal] of (['SIGTERM', 'SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGKILL'] as const).entries()) {
    const { service, port } = await start(t, directory)
    const fewest = round === 0 ? 12 : 2
    const begun = await Promise.all(followers.map((follower, index) => follower.follow(port, fewest + index)))
    // What was usual has to be known first.
    if (round === 0) await eventually(() => followers[0]?.open.size !== 0)
    if (round > 0) t.notOk(service.lines.some(({ event }) => event === 'state_set_aside'), 'nothing was set aside')
    const told: string[] = (await get(port, '/api/regressions')).open.map(({ id }: { id: string }) => id)
    if (round > 0) {
      const opened = followers[0]?.opened ?? []
      t.ok(open.every((id) => told.includes(id) || !followers[0]?.open.has(id)), 'what was open is, or has ended')
      t.equal(new Set(opened).size, opened.length)
    }
    if (round === 0) t.ok(told.length > 0, 'there are regressions that are open while it is down')
    open = told
    await end(service, signal)
    await Promise.all(begun.map(({ closed }) => closed))
  }
  for (const follower of followers) t.strictSame(follower.faults, [])
})

t.test('who comes after a restart is told what was known, as old as it is', async (t) => {
  const directory = directoryOf(t)
  const one = await start(t, directory)
  const client = await TestClient.open(`ws://127.0.0.1:${one.port}/ws`)
  const { epoch, seq } = await client.next('metrics_update', ({ seq }) => seq >= 3)
  await end(one.service, 'SIGKILL')
  const nobody = { METRICS_SOURCE: 'influxdb', INFLUXDB_URL: 'http://127.0.0.1:9', INFLUXDB_BUCKET: 'b', INFLUXDB_ORG: 'o' }
  const two = await start(t, directory, nobody)
  const next = await TestClient.open(`ws://127.0.0.1:${two.port}/ws`)
  const update = await next.next('metrics_update')
  t.equal(update.epoch, epoch)
  t.ok(update.seq >= seq)
  t.ok(update.ageMs !== null && update.ageMs > 0)
  await next.next('error', ({ code }) => code === 'SOURCE_UNAVAILABLE')
  t.equal((await get(two.port, '/api/pops')).data.pops.length, 200)
  next.socket.terminate()
  await end(two.service, 'SIGTERM')
})
