import t from 'tap'
import { age, clock, duration, moment, ms, percent, shortClock } from '../../web/format.ts'

const TIME = '2026-11-23T10:42:44.669Z'

t.test('numbers as they are shown', async (t) => {
  const cases: Array<[string, string]> = [
    [ms(null), '—'],
    [ms(0), '0.00 ms'],
    [ms(4.5), '4.50 ms'],
    [ms(9.994), '9.99 ms'],
    [ms(9.996), '10.0 ms'],
    [ms(13.24), '13.2 ms'],
    [ms(99.96), '100 ms'],
    [ms(1_340), '1340 ms'],
    [ms(12_345), '12.3 s'],
    [ms(0.004), '0.00 ms'],
    [percent(193.3), '+193 %'],
    [percent(-4.6), '−5 %'],
    [percent(-0.2), '+0 %'],
    [age(-5), '0.0 s'],
    [age(1_249), '1.2 s'],
    [age(9_949), '9.9 s'],
    [age(9_960), '10 s'],
    [duration(119_000), '119 s'],
    [duration(120_000), '2 min'],
    [duration(7_199_000), '120 min'],
    [duration(7_200_000), '2 h'],
    [duration(172_800_000), '2 d'],
    [clock(TIME), '10:42:44Z'],
    [shortClock(new Date(TIME)), '10:42Z'],
    [moment(Date.parse(TIME)), '2026-11-23 10:42:44Z']
  ]
  for (const [found, wanted] of cases) t.equal(found, wanted)
})
