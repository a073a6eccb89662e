import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { TestClient } from '../support/client.ts'
import { directoryOf } from '../support/directory.ts'
import { end, ENV, get, start } from '../support/restarts.ts'
import { startService } from '../support/service.ts'

t.test('a second process on the same directory does not start, and the first does not notice', async (t) => {
  const directory = directoryOf(t)
  const one = await start(t, directory)
  const second = startService(t, { ...ENV, STATE_DIR: directory })
  t.strictSame(await second.exit, { code: 1, signal: null })
  t.match(second.stderr(), /^popcast cannot start:\nSTATE_DIR: .* is used by another process\n$/)
  t.match(await get(one.port, '/health'), { status: 'ok' })
  one.service.child.kill('SIGSTOP')
  const third = startService(t, { ...ENV, STATE_DIR: directory })
  t.strictSame(await third.exit, { code: 1, signal: null }, 'one that is stopped has it as well')
  await end(one.service, 'SIGKILL')
  const { service } = await start(t, directory)
  t.strictSame(readdirSync(directory).filter((name) => name.includes('lock')).length, 1, 'what SIGKILL left is gone')
  await end(service, 'SIGTERM')
})

t.test('a directory that cannot be used stops the start, and says why', async (t) => {
  const directory = directoryOf(t)
  writeFileSync(join(directory, 'file'), '')
  const service = startService(t, { ...ENV, STATE_DIR: join(directory, 'file') })
  t.strictSame(await service.exit, { code: 1, signal: null })
  t.match(service.stderr(), /^popcast cannot start:\nSTATE_DIR: .*file cannot be used: /)
})

t.test('a file of something else is set aside with a warning, and the start does not fail', async (t) => {
  const directory = directoryOf(t)
  writeFileSync(join(directory, 'state'), 'not of popcast')
  const { service, port } = await start(t, directory)
  await service.logged(({ event }) => event === 'state_set_aside')
  t.match(await get(port, '/api/metrics/latest'), { type: 'metrics_update' })
  await end(service, 'SIGTERM')
  t.ok(readdirSync(directory).some((name) => name.startsWith('state.set-aside-')))
})

/** A file system of its own, where this may be made. */
function mounted (t: Test, options: string): string | null {
  const directory = directoryOf(t)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]).status !== 0) return null
  t.teardown(() => spawnSync('umount', ['-l', directory]))
  return directory
}

t.test('a full disk ends nothing: it is told, in an epoch of its own, until there is room', async (t) => {
  const directory = mounted(t, 'size=2m')
  if (directory === null) return t.comment('no file system can be mounted here')
  const { service, port } = await start(t, directory)
  const client = await TestClient.open(`ws://127.0.0.1:${port}/ws?topics=metrics,alerts`)
  const { epoch } = await client.next('metrics_update')
  // In pieces: until none fits.
  for (let piece = 0, isFull = false; !isFull; piece++) {
    try {
      writeFileSync(join(directory, `filler-${piece}`), Buffer.alloc(4_096))
    } catch {
      isFull = true
    }
  }
  await service.logged(({ event }) => event === 'state_not_kept')
  const apart = await client.next('metrics_update', (update) => update.epoch !== epoch)
  await client.next('open_alerts', (message) => message.epoch === apart.epoch)
  t.match(await get(port, '/health'), { status: 'degraded', troubles: [{ reason: 'state_not_kept', message: /ENOSPC/ }] })
  for (const name of readdirSync(directory)) if (name.startsWith('filler-')) rmSync(join(directory, name))
  await service.logged(({ event }) => event === 'state_not_kept_ended')
  const { seq } = await client.next('metrics_update', (update) => update.epoch === apart.epoch && update.seq > apart.seq + 2)
  await end(service, 'SIGKILL')
  const again = await start(t, directory)
  const back = await TestClient.open(`ws://127.0.0.1:${again.port}/ws?epoch=${apart.epoch}&seq=${seq}`)
  t.match(await back.next('subscription_confirmed'), { recovered: true })
  back.socket.terminate()
  await end(again.service, 'SIGTERM')
})

t.test('a directory that can only be read stops the start', async (t) => {
  const directory = mounted(t, 'size=1m')
  if (directory === null) return t.comment('no file system can be mounted here')
  mkdirSync(join(directory, 'state'))
  spawnSync('mount', ['-o', 'remount,ro', directory])
  const service = startService(t, { ...ENV, STATE_DIR: join(directory, 'state') })
  t.strictSame(await service.exit, { code: 1, signal: null })
  t.match(service.stderr(), /STATE_DIR: .*cannot be used: .*(EROFS|read-only)/)
})
