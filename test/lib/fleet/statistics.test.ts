import t from 'tap'
import { lowerMedian } from '../../../lib/fleet/statistics.ts'

t.test('the lower median is a value that there is', async (t) => {
  const values = [10, 9, 30, 2]
  t.equal(lowerMedian(values), 9)
  t.equal(lowerMedian([...values, 11]), 10)
  t.strictSame(values, [10, 9, 30, 2], 'as they were')
  t.ok(Number.isNaN(lowerMedian([])))
})
