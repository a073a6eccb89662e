import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { noRedis } from '../support/redis.ts'

// A machine that runs other tests beside it takes several times as long as one that does not.
t.setTimeout(400_000)

/** What `npm run chaos` is: see docs/faults.md. */
async function chaos (...args: string[]): Promise<{ code: number | null, output: string }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../chaos/main.js', import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => child.kill('SIGKILL'))
  const exit = once(child, 'exit')
  const output = await text(child.stdout)
  const [code] = await exit
  return { code, output }
}

/** All rows hold; whether one is slower than its goal (3) says as much of the machine. */
const isPassed = (code: number | null) => code === 0 || code === 3

t.test('popcast under its faults: every row of the quick table passes', async (t) => {
  const { code, output } = await chaos('--quick')
  t.comment(output)
  t.strictSame(output.match(/^.*\| FAIL \|$/gm), null, 'every row')
  t.ok(isPassed(code))
  t.match(output, /^\| InfluxDB frozen \|.*\| (pass|SLOW) \|$/m)
})

t.test('with the stream in Redis', { skip: noRedis() ?? false }, async (t) => {
  const { code, output } = await chaos('--quick', '--redis', '--only', 'SIGTERM')
  t.comment(output)
  t.ok(isPassed(code), 'every row')
})

t.test('a name that no fault has is an error', async (t) => {
  t.notOk(isPassed((await chaos('--only', 'no such fault')).code))
})
