import t from 'tap'
import { originFault, Origins } from '../../../lib/auth/origins.ts'

const NAMED = ['https://board.example', 'http://localhost:5173', 'https://*.team.example', 'null', 'chrome-extension://abcdef']
const cases: Array<{ origin: string, host?: string, named?: string[], allowed: boolean }> = [
  { origin: 'http://popcast.example', allowed: true },
  { origin: 'https://popcast.example', allowed: true },
  { origin: 'https://POPCAST.example', allowed: true },
  { origin: 'https://popcast.example', host: 'popcast.example:443', allowed: true },
  { origin: 'http://popcast.example', host: 'popcast.example:80', allowed: true },
  { origin: 'http://popcast.example:8080', host: 'popcast.example:8080', allowed: true },
  { origin: 'http://[::1]:3001', host: '[::1]:3001', allowed: true },
  { origin: 'http://popcast.example:8080', allowed: false },
  { origin: 'http://popcast.example', host: 'popcast.example:8080', allowed: false },
  { origin: 'https://popcast.example.evil.example', allowed: false },
  { origin: 'https://evil-popcast.example', allowed: false },
  { origin: 'https://popcast.example@evil.example', allowed: false },
  { origin: 'http://localhost:3001', host: '127.0.0.1:3001', allowed: false },
  { origin: 'null', allowed: false },
  { origin: '', allowed: false },
  { origin: 'popcast.example', allowed: false },
  { origin: 'https://board.example', allowed: false },
  { origin: 'https://board.example', named: NAMED, allowed: true },
  { origin: 'https://Board.Example', named: NAMED, allowed: true },
  { origin: 'http://board.example', named: NAMED, allowed: false },
  { origin: 'https://board.example:8443', named: NAMED, allowed: false },
  { origin: 'https://board.example.evil.example', named: NAMED, allowed: false },
  { origin: 'https://a.team.example', named: NAMED, allowed: true },
  { origin: 'https://a.b.team.example', named: NAMED, allowed: true },
  { origin: 'https://team.example', named: NAMED, allowed: false },
  { origin: 'https://evilteam.example', named: NAMED, allowed: false },
  { origin: 'https://a.teamXexample', named: NAMED, allowed: false },
  { origin: 'https://a.team.example.evil.example', named: NAMED, allowed: false },
  { origin: 'null', named: NAMED, allowed: true },
  { origin: 'chrome-extension://abcdef', named: NAMED, allowed: true },
  { origin: 'https://anybody.example', named: ['*'], allowed: true },
  { origin: 'https://popcast.example', host: 'nonsense host', allowed: false }
]
for (const { origin, host = 'popcast.example', named = [], allowed } of cases) {
  t.test(`${origin} to ${host}, ${named.length} named`, async (t) => t.equal(new Origins(named).allows(origin, host), allowed))
}

const faults: Array<[string, RegExp | null]> = [
  ...NAMED.map((entry): [string, null] => [entry, null]),
  ['*', null],
  ['board.example', /is no origin|more or less/],
  ['https://board.example/', /more or less than an origin/],
  ['https://board.example/app', /more or less than an origin/],
  ['https://user@board.example', /more or less than an origin/],
  ['https://board.example:443', /is written https:\/\/board.example by browsers/],
  ['https://*', /\* elsewhere|no origin/],
  ['https://board.*', /\* elsewhere|no origin/],
  ['', /is no origin/]
]
for (const [entry, fault] of faults) {
  t.test(`the entry ${entry}`, async (t) => {
    const found = originFault(entry)
    if (fault === null) t.equal(found, null)
    else t.match(found, fault)
  })
}
