import t from 'tap'
import { clientErrors, type ClientErrorCode } from '../../../lib/protocol/errors.ts'
import { ClientMessageError, parseClientMessage } from '../../../lib/protocol/client-messages.ts'
import { errorMessage, type ServerMessage } from '../../../lib/protocol/server-messages.ts'
import { validateServerMessage } from '../../support/validate.ts'
import { START, UPDATE } from '../../support/clients.ts'
import { timestamp } from '../../../lib/protocol/timestamp.ts'

const NOT_JSON = { code: 'BAD_MESSAGE', message: 'not JSON' }
const NO_OBJECT = { code: 'BAD_MESSAGE', message: 'a message is a JSON object with a type' }
const NO_TYPE = { code: 'BAD_MESSAGE', message: 'type must be a string' }
const KNOWN_TYPES = 'known: ping, subscribe, unsubscribe, auth'
const KNOWN_TOPICS = 'known: metrics, alerts, pops'

const invalid: Array<{ name: string, text: string, code: string, message: string, id?: string | number }> = [
  { name: 'nothing', text: '', ...NOT_JSON },
  { name: 'no JSON', text: 'hello', ...NOT_JSON },
  { name: 'JSON cut off', text: '{"type":"ping"', ...NOT_JSON },
  { name: 'two messages in one', text: '{"type":"ping"}{"type":"ping"}', ...NOT_JSON },
  { name: 'nested deeper than any message', text: '['.repeat(8_000), ...NOT_JSON },
  { name: 'null', text: 'null', ...NO_OBJECT },
  { name: 'an array', text: '[{"type":"ping"}]', ...NO_OBJECT },
  { name: 'a string', text: '"ping"', ...NO_OBJECT },
  { name: 'a number', text: '7', ...NO_OBJECT },
  { name: 'no type', text: '{}', ...NO_TYPE },
  { name: 'no type but an id', text: '{"id":"a"}', ...NO_TYPE, id: 'a' },
  { name: 'a type that is no string', text: '{"type":7,"id":1}', ...NO_TYPE, id: 1 },
  { name: 'a type from the prototype of the message', text: '{"__proto__":{"type":"ping"}}', ...NO_TYPE },
  {
    name: 'an unknown type',
    text: '{"type":"hello","id":2}',
    code: 'UNKNOWN_TYPE',
    message: `unknown type "hello"; ${KNOWN_TYPES}`,
    id: 2
  },
  { name: 'a type in upper case', text: '{"type":"PING"}', code: 'UNKNOWN_TYPE', message: `unknown type "PING"; ${KNOWN_TYPES}` },
  { name: 'an empty type', text: '{"type":""}', code: 'UNKNOWN_TYPE', message: `unknown type ""; ${KNOWN_TYPES}` },
  {
    name: 'the type constructor',
    text: '{"type":"constructor"}',
    code: 'UNKNOWN_TYPE',
    message: `unknown type "constructor"; ${KNOWN_TYPES}`
  },
  {
    name: 'the type __proto__',
    text: '{"type":"__proto__"}',
    code: 'UNKNOWN_TYPE',
    message: `unknown type "__proto__"; ${KNOWN_TYPES}`
  },
  {
    name: 'the type toString',
    text: '{"type":"toString"}',
    code: 'UNKNOWN_TYPE',
    message: `unknown type "toString"; ${KNOWN_TYPES}`
  },
  {
    name: 'a long type is quoted in part',
    text: JSON.stringify({ type: 'x'.repeat(41) }),
    code: 'UNKNOWN_TYPE',
    message: `unknown type "${'x'.repeat(40)}..."; ${KNOWN_TYPES}`
  },
  {
    name: 'a type of 40 characters is quoted whole',
    text: JSON.stringify({ type: 'x'.repeat(40) }),
    code: 'UNKNOWN_TYPE',
    message: `unknown type "${'x'.repeat(40)}"; ${KNOWN_TYPES}`
  },
  {
    name: 'topics that are no array',
    text: '{"type":"subscribe","topics":"metrics","id":"s"}',
    code: 'BAD_MESSAGE',
    message: 'subscribe: topics must be array',
    id: 's'
  },
  {
    name: 'topics that look like an array',
    text: '{"type":"subscribe","topics":{"0":"metrics","length":1}}',
    code: 'BAD_MESSAGE',
    message: 'subscribe: topics must be array'
  },
  {
    name: 'no topic',
    text: '{"type":"subscribe","topics":[]}',
    code: 'BAD_MESSAGE',
    message: 'subscribe: topics must not have fewer than 1 items'
  },
  {
    name: 'a topic that is no string',
    text: '{"type":"subscribe","topics":["metrics",1]}',
    code: 'BAD_MESSAGE',
    message: 'subscribe: topics/1 must be string'
  },
  {
    name: '17 topics',
    text: JSON.stringify({ type: 'subscribe', topics: Array(17).fill('metrics') }),
    code: 'BAD_MESSAGE',
    message: 'subscribe: topics must not have more than 16 items'
  },
  {
    name: 'unsubscribe without topics',
    text: '{"type":"unsubscribe","id":0}',
    code: 'BAD_MESSAGE',
    message: 'unsubscribe: the message must have required properties topics',
    id: 0
  },
  {
    name: 'unsubscribe from no topic',
    text: '{"type":"unsubscribe","topics":[]}',
    code: 'BAD_MESSAGE',
    message: 'unsubscribe: topics must not have fewer than 1 items'
  },
  {
    name: 'none but an unknown topic',
    text: '{"type":"subscribe","topics":["nope"],"id":"s"}',
    code: 'UNKNOWN_TOPIC',
    message: `unknown topic "nope"; ${KNOWN_TOPICS}`,
    id: 's'
  },
  {
    name: 'unsubscribe from an unknown topic',
    text: '{"type":"unsubscribe","topics":["nope"]}',
    code: 'UNKNOWN_TOPIC',
    message: `unknown topic "nope"; ${KNOWN_TOPICS}`
  },
  {
    name: 'the topic constructor',
    text: '{"type":"subscribe","topics":["constructor"]}',
    code: 'UNKNOWN_TOPIC',
    message: `unknown topic "constructor"; ${KNOWN_TOPICS}`
  },
  {
    name: 'the topic __proto__',
    text: '{"type":"subscribe","topics":["__proto__"]}',
    code: 'UNKNOWN_TOPIC',
    message: `unknown topic "__proto__"; ${KNOWN_TOPICS}`
  },
  {
    name: 'an id that is too long',
    text: JSON.stringify({ type: 'ping', id: 'x'.repeat(129) }),
    code: 'BAD_MESSAGE',
    message: 'id must be a number or a string of at most 128 characters'
  }
]

for (const { name, text, code, message, id } of invalid) {
  t.test(`invalid: ${name}`, async (t) => {
    const error = t.throws(() => parseClientMessage(text), ClientMessageError) as ClientMessageError
    t.strictSame({ code: error.code, message: error.message, id: error.id }, { code, message, id })
  })
}

for (const id of ['{}', '[]', 'true', '1e999']) {
  t.test(`invalid: the id ${id} is refused by name and not echoed`, async (t) => {
    const error = t.throws(() => parseClientMessage(`{"type":"ping","id":${id}}`), ClientMessageError) as ClientMessageError
    t.equal(error.code, 'BAD_MESSAGE')
    t.equal(error.message, 'id must be a number or a string of at most 128 characters')
    t.equal(error.id, undefined)
  })
}

for (const id of ['9007199254740993', '-9007199254740993', '1e300']) {
  t.test(`invalid: the id ${id} would not come back unchanged`, async (t) => {
    const error = t.throws(() => parseClientMessage(`{"type":"ping","id":${id}}`), ClientMessageError) as ClientMessageError
    t.strictSame([error.code, error.id], ['BAD_MESSAGE', undefined])
    t.match(error.message, 'beyond 2^53')
  })
}

const valid = [
  {
    name: 'null is as absent',
    message: { type: 'subscribe', topics: null, pops: null, delta: null, since: null, history: null, id: null },
    parsed: { type: 'subscribe', topics: ['metrics', 'alerts'] }
  },
  {
    name: 'topics that are known, beside others',
    message: { type: 'subscribe', topics: ['metrics', 'nope'] },
    parsed: { type: 'subscribe', topics: ['metrics'], unknownTopics: ['nope'] }
  },
  { name: 'ping', message: { type: 'ping' }, parsed: { type: 'ping' } },
  { name: 'an id that is a string', message: { type: 'ping', id: 'a' }, parsed: { type: 'ping', id: 'a' } },
  { name: 'the longest id', message: { type: 'ping', id: 'x'.repeat(128) }, parsed: { type: 'ping', id: 'x'.repeat(128) } },
  { name: 'an empty id is an id', message: { type: 'ping', id: '' }, parsed: { type: 'ping', id: '' } },
  { name: 'the id 0 is an id', message: { type: 'ping', id: 0 }, parsed: { type: 'ping', id: 0 } },
  { name: 'unknown fields are left out', message: { type: 'ping', data: { x: 1 }, topics: 7 }, parsed: { type: 'ping' } },
  {
    name: 'subscribe without topics',
    message: { type: 'subscribe', id: 1 },
    parsed: { type: 'subscribe', topics: ['metrics', 'alerts'], id: 1 }
  },
  {
    name: 'subscribe with topics',
    message: { type: 'subscribe', topics: ['pops', 'alerts'] },
    parsed: { type: 'subscribe', topics: ['pops', 'alerts'] }
  },
  {
    name: 'a topic twice counts once',
    message: { type: 'subscribe', topics: ['pops', 'metrics', 'pops'] },
    parsed: { type: 'subscribe', topics: ['pops', 'metrics'] }
  },
  {
    name: '16 topics',
    message: { type: 'subscribe', topics: Array(16).fill('metrics') },
    parsed: { type: 'subscribe', topics: ['metrics'] }
  },
  {
    name: 'unsubscribe',
    message: { type: 'unsubscribe', topics: ['metrics', 'metrics'], id: 'u' },
    parsed: { type: 'unsubscribe', topics: ['metrics'], id: 'u' }
  }
]

for (const { name, message, parsed } of valid) {
  t.test(`valid: ${name}`, async (t) => {
    t.strictSame(parseClientMessage(JSON.stringify(message)), parsed)
  })
}

t.test('valid: nothing is read from the prototype of a message', async (t) => {
  t.strictSame(parseClientMessage('{"type":"ping","__proto__":{"id":5}}'), { type: 'ping' })
  t.strictSame(parseClientMessage('{"type":"subscribe","__proto__":{"topics":["pops"]}}'), {
    type: 'subscribe',
    topics: ['metrics', 'alerts']
  })
})

t.test('one client cannot change the default topics of another', async (t) => {
  const first = parseClientMessage('{"type":"subscribe"}') as { topics: string[] }
  first.topics.push('pops')
  t.strictSame(parseClientMessage('{"type":"subscribe"}'), { type: 'subscribe', topics: ['metrics', 'alerts'] })
})

const retryable: Record<ClientErrorCode, boolean> = {
  BAD_MESSAGE: false,
  UNKNOWN_TYPE: false,
  UNKNOWN_TOPIC: false,
  UNKNOWN_POP: false,
  TOO_MANY_FILTERS: true,
  SOURCE_UNAVAILABLE: true,
  SOURCE_TIMEOUT: true,
  UNAUTHORIZED: false,
  FORBIDDEN: false,
  AUTH_UNAVAILABLE: true,
  FEED_UNAVAILABLE: true,
  INTERNAL: true
}

t.test('the error codes are the documented ones', async (t) => {
  t.strictSame(Object.keys(clientErrors).sort(), Object.keys(retryable).sort())
})

for (const [code, expected] of Object.entries(retryable) as Array<[ClientErrorCode, boolean]>) {
  t.test(`error: ${code}`, async (t) => {
    const message = errorMessage(code, 'why', Date.parse(START), { id: 'a', retryAfterMs: 5 })
    validateServerMessage(message)
    t.strictSame(message, {
      type: 'error',
      data: { message: 'why', timestamp: START },
      code,
      retryable: expected,
      id: 'a',
      retryAfterMs: 5
    })
  })
}

t.test('an error without extras has none', async (t) => {
  t.strictSame(Object.keys(errorMessage('INTERNAL', 'why', 0)), ['type', 'data', 'code', 'retryable'])
})

t.test('times on the wire are ISO 8601 in UTC with milliseconds', async (t) => {
  t.equal(timestamp(0), '1970-01-01T00:00:00.000Z')
  t.equal(timestamp(Date.parse(START) + 1_234), '2026-01-01T00:00:01.234Z')
})

const outsideTheProtocol = [
  { name: 'an unknown type', message: { ...UPDATE, type: 'hello' }, fault: /no such message/ },
  { name: 'a status that is neither', message: { ...UPDATE, status: 'old' }, fault: /metrics_update: \/status / },
  { name: 'a field missing in data', message: { ...UPDATE, data: { totalPops: 1 } }, fault: /metrics_update: \/data / },
  {
    name: 'an error code that nobody knows',
    message: { ...errorMessage('INTERNAL', 'why', 0), code: 'OOPS' },
    fault: /error: \/code /
  },
  { name: 'null where a number belongs', message: { ...UPDATE, seq: null }, fault: /metrics_update: \/seq / }
]

for (const { name, message, fault } of outsideTheProtocol) {
  t.test(`the schemas refuse ${name}`, async (t) => {
    t.throws(() => validateServerMessage(message as ServerMessage), { message: fault })
  })
}

t.test('what is wrong with a large message is named as with a small one', async (t) => {
  const faulty: Array<(size: number) => object> = [
    (size) => ({ pops: new Array(size).fill(1) }),
    (size) => ({ pops: new Array(size).fill('a') }),
    (size) => ({ pops: { code: new Array(size).fill(1) } }),
    (size) => ({ pops: Object.fromEntries(Array.from({ length: size }, (_, index) => [`k${index}`, 1])) }),
    (size) => ({ topics: new Array(size).fill(1) })
  ]
  const refusal = (message: object) => {
    try {
      parseClientMessage(JSON.stringify({ type: 'subscribe', ...message }))
    } catch (error) {
      return error
    }
    return null
  }
  for (const message of faulty) {
    t.match(refusal(message(1_500)), { code: 'BAD_MESSAGE' })
    t.strictSame(refusal(message(100_000)), refusal(message(1_500)))
  }
})

const filters: Array<[pops: unknown, fault: string]> = [
  [{ country: ['DE'], city: ['x'] }, 'pops must not have additional properties "city"'],
  [{}, 'pops must not have fewer than 1 properties'],
  [{ code: [] }, 'pops/code must not have fewer than 1 items'],
  [{ code: ['a', 1] }, 'pops/code/1 must be string'],
  [{ tier: 'gold' }, 'pops/tier must be array'],
  [[], 'pops must not have fewer than 1 items'],
  [['a', 1], 'pops/1 must be string'],
  ['fra1', 'pops must be array']
]

for (const [pops, fault] of filters) {
  t.test(`what is wrong with a filter is said of the form that was sent: ${JSON.stringify(pops)}`, async (t) => {
    const text = JSON.stringify({ type: 'subscribe', topics: ['pops'], pops })
    t.throws(() => parseClientMessage(text), { message: `subscribe: ${fault}` })
  })
}
