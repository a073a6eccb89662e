import t from 'tap'
import { groupByPop, type Pop } from '../../../lib/fleet/pop.ts'
import type { FunctionReading } from '../../../lib/source/source.ts'
import { reading } from '../../support/fake-source.ts'

const cases: Array<{ name: string, readings: FunctionReading[], expected: Pop[] }> = [
  { name: 'nothing', readings: [], expected: [] },
  {
    name: 'one function',
    readings: [reading({ value: 5, time: 100, recentCount: 12, recentMean: 6 })],
    expected: [
      {
        code: 'fra1',
        coldStartMs: 5,
        sampleTime: 100,
        functions: 1,
        oldestSampleTime: 100,
        recentCount: 12,
        earlierMean: 67 / 11
      }
    ]
  },
  {
    name: 'the value is the mean over functions, the time that of the newest',
    readings: [
      reading({ value: 4, time: 300 }),
      reading({ functionName: 'images', value: 8, time: 100 }),
      reading({ functionName: 'search', value: 9, time: 200 })
    ],
    expected: [
      {
        code: 'fra1',
        coldStartMs: 7,
        sampleTime: 300,
        functions: 3,
        oldestSampleTime: 100,
        recentCount: 36,
        earlierMean: 159 / 33
      }
    ]
  },
  {
    name: 'the mean of what was before is weighted by samples',
    readings: [reading({ recentCount: 1, recentMean: 10 }), reading({ functionName: 'images', recentCount: 3, recentMean: 2 })],
    expected: [
      {
        code: 'fra1',
        coldStartMs: 5,
        sampleTime: Date.UTC(2026, 0, 1),
        functions: 2,
        oldestSampleTime: Date.UTC(2026, 0, 1),
        recentCount: 4,
        earlierMean: 0.5
      }
    ]
  },
  {
    name: 'a function that was silent in the recent window does not spoil its mean',
    readings: [reading({ recentCount: 0, recentMean: NaN }), reading({ functionName: 'images', recentCount: 5, recentMean: 3 })],
    expected: [
      {
        code: 'fra1',
        coldStartMs: 5,
        sampleTime: Date.UTC(2026, 0, 1),
        functions: 2,
        oldestSampleTime: Date.UTC(2026, 0, 1),
        recentCount: 5,
        earlierMean: 2.5
      }
    ]
  },
  {
    name: 'all were silent',
    readings: [reading({ time: 1, recentCount: 0, recentMean: NaN })],
    expected: [
      { code: 'fra1', coldStartMs: 5, sampleTime: 1, functions: 1, oldestSampleTime: Infinity, recentCount: 0, earlierMean: NaN }
    ]
  },
  {
    name: 'PoPs in the order of their first reading',
    readings: [
      reading({ pop: 'b', value: 1, time: 1 }),
      reading({ pop: 'a', value: 2, time: 2 }),
      reading({ pop: 'b', functionName: 'images', value: 3, time: 3 })
    ],
    expected: [
      { code: 'b', coldStartMs: 2, sampleTime: 3, functions: 2, oldestSampleTime: 1, recentCount: 24, earlierMean: 116 / 22 },
      { code: 'a', coldStartMs: 2, sampleTime: 2, functions: 1, oldestSampleTime: 2, recentCount: 12, earlierMean: 58 / 11 }
    ]
  },
  { name: 'a reading without a PoP belongs to none', readings: [reading({ pop: '' })], expected: [] }
]

for (const { name, readings, expected } of cases) t.test(name, async (t) => t.strictSame(groupByPop(readings), expected))
