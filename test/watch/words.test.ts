import t from 'tap'
import { age } from '../../watch/words.ts'
import { age as ageOnThePage } from '../../web/format.ts'

t.test('how old something is is said as the page says it', async (t) => {
  const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000]
  const seconds = [0, 0.04, 9.949, 9.95, 89, 91, 119.4, 120, 179].map((count) => count * second)
  const ages = [...seconds, 119 * minute, 2 * hour, 47 * hour, 3 * day]
  for (const ms of ages) t.equal(age(ms), ageOnThePage(ms), `${ms} ms`)
  t.equal(age(-5), '0.0 s')
})
