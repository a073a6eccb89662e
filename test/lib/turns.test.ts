import t from 'tap'
import { Turns } from '../../lib/turns.ts'

t.test('those who ask before it begins share it; who asks while it is under way has the next one', async (t) => {
  const begun: Array<(result: number) => void> = []
  const ask = new Turns().together(() => new Promise<number>((resolve) => { begun.push(resolve) }))
  const first = [ask(), ask()]
  await Promise.resolve()
  t.equal(begun.length, 1)
  const next = [ask(), ask(), ask()]
  await Promise.resolve()
  t.equal(begun.length, 1)
  begun[0]?.(1)
  t.strictSame(await Promise.all(first), [1, 1])
  begun[1]?.(2)
  t.strictSame(await Promise.all(next), [2, 2, 2])
})

t.test('one that fails fails for those who shared it', async (t) => {
  let fails = true
  const ask = new Turns().together(async () => {
    if (fails) throw new Error('a defect')
    return 1
  })
  const first = [ask(), ask()]
  for (const asked of first) await t.rejects(asked, { message: 'a defect' })
  fails = false
  t.equal(await ask(), 1)
})
