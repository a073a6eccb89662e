import t from 'tap'
import { Counts } from '../../lib/counts.ts'

t.test('what is known is counted by its name, everything else as the last one', async (t) => {
  const counts = new Counts(['a', 'b', 'other'])
  counts.add('a')
  counts.add('b', 3)
  for (let index = 0; index < 1_000; index++) counts.add(`made up ${index}`)
  t.strictSame([...counts], [['a', 1], ['b', 3], ['other', 1_000]])
  t.equal(counts.total, 1_004)
  t.equal(counts.get('b'), 3)
})
