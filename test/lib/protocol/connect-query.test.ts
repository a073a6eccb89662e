import t from 'tap'
import { wishesOf, type ConnectQuery, type Wishes } from '../../../lib/protocol/connect-query.ts'

const NOTHING: Wishes = { position: null, topics: null }
const POPS: Partial<Wishes> = { topics: ['pops'] }
const POSITION = { epoch: 'e1', seq: 42 }

const cases: Array<{ name: string, query?: ConnectQuery, id?: string, wishes: Partial<Wishes> }> = [
  { name: 'nothing', wishes: {} },
  { name: 'topics', query: { topics: 'metrics, alerts,metrics,' }, wishes: { topics: ['metrics', 'alerts'] } },
  { name: 'topics as a list', query: { topics: ['metrics', 'pops'] }, wishes: { topics: ['metrics', 'pops'] } },
  {
    name: 'topics that there are not',
    query: { topics: 'weather,pops' },
    wishes: { topics: ['pops'], unknownTopics: ['weather'] }
  },
  { name: 'only such', query: { topics: 'weather' }, wishes: { topics: [], unknownTopics: ['weather'] } },
  { name: 'no topic named', query: { topics: ' , ' }, wishes: {} },
  { name: 'codes', query: { topics: 'pops', pops: 'fra1, ams1' }, wishes: { ...POPS, pops: { code: ['fra1', 'ams1'] } } },
  {
    name: 'kinds',
    query: { topics: 'pops', pops: 'country:DE,fra1,tier:1,country:NL,code:a:b,c:d' },
    wishes: { ...POPS, pops: { code: ['fra1', 'a:b', 'c:d'], country: ['DE', 'NL'], tier: ['1'] } }
  },
  {
    name: 'several times',
    query: { topics: 'pops', pops: ['country:DE', 'country:NL'] },
    wishes: { ...POPS, pops: { country: ['DE', 'NL'] } }
  },
  { name: 'JSON, a list', query: { topics: 'pops', pops: '["a,b"]' }, wishes: { ...POPS, pops: ['a,b'] } },
  { name: 'JSON, kinds', query: { topics: 'pops', pops: ' {"country":["DE"]}' }, wishes: { ...POPS, pops: { country: ['DE'] } } },
  { name: 'JSON that is none', query: { topics: 'pops', pops: '["fra1"' }, wishes: { ...POPS, ignored: ['pops'] } },
  {
    name: 'JSON of something else',
    query: { topics: 'pops', pops: '{"city":["Bonn"]}' },
    wishes: { ...POPS, ignored: ['pops'] }
  },
  {
    name: 'more values than there may be',
    query: { topics: 'pops', pops: 'a,'.repeat(1_001) },
    wishes: { ...POPS, ignored: ['pops'] }
  },
  { name: 'an empty filter', query: { topics: 'pops', pops: '' }, wishes: POPS },
  {
    name: 'a filter for a topic not asked for',
    query: { topics: 'metrics', pops: 'fra1' },
    wishes: { topics: ['metrics'], ignored: ['pops'] }
  },
  { name: 'a filter, and no topic', query: { pops: 'fra1', delta: '1' }, wishes: { ignored: ['pops', 'delta'] } },
  { name: 'delta', query: { topics: 'pops', delta: 'true' }, wishes: { ...POPS, delta: true } },
  { name: 'delta without a value', query: { topics: 'pops', delta: '' }, wishes: { ...POPS, delta: true } },
  { name: 'delta=0', query: { topics: 'pops', delta: '0' }, wishes: { ...POPS, delta: false } },
  { name: 'delta by fields', query: { topics: 'pops', delta: 'fields' }, wishes: { ...POPS, delta: 'fields' } },
  { name: 'delta of no kind', query: { topics: 'pops', delta: 'toString' }, wishes: { ...POPS, ignored: ['delta'] } },
  { name: 'history', query: { history: '60' }, wishes: { history: 60 } },
  { name: 'history of none', query: { history: '-1' }, wishes: { ignored: ['history'] } },
  {
    name: 'history without metrics',
    query: { topics: 'alerts', history: '5' },
    wishes: { topics: ['alerts'], ignored: ['history'] }
  },
  { name: 'a position', query: { epoch: 'e1', seq: '42' }, wishes: { position: POSITION } },
  { name: 'half a position', query: { seq: '42' }, wishes: { position: 'invalid' } },
  { name: 'a position that is none', query: { epoch: 'e1', seq: '4.2' }, wishes: { position: 'invalid' } },
  { name: 'the id of an event', id: 'e1:42', wishes: { position: POSITION } },
  { name: 'it is newer than the URL', id: 'e1:42', query: { epoch: 'e0', seq: '7' }, wishes: { position: POSITION } },
  { name: 'an epoch with a colon', id: 'e:1:42', wishes: { position: { epoch: 'e:1', seq: 42 } } },
  { name: 'the id of something else', id: 'seventeen', wishes: { position: 'invalid' } },
  { name: 'an id without a number', id: 'e1:', wishes: { position: 'invalid' } }
]

for (const { name, query = {}, id, wishes } of cases) {
  t.test(name, async (t) => {
    t.strictSame(wishesOf(query, id), { ...NOTHING, ...wishes })
  })
}
