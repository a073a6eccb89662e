import t from 'tap'
import { AddressLimit } from '../../../lib/clients/address-limit.ts'

t.test('one address at its limit, while others connect', async (t) => {
  const limit = new AddressLimit(2)
  t.ok(limit.isOn)
  const ends = [limit.take('192.0.2.1'), limit.take('192.0.2.1')]
  t.notOk(limit.hasRoomFor('192.0.2.1'))
  t.ok(limit.hasRoomFor('192.0.2.2'))
  for (const end of ends) end()
  t.ok(limit.hasRoomFor('192.0.2.1'))
})

t.test('no limit', async (t) => {
  const limit = new AddressLimit(0)
  limit.take('192.0.2.1')
  t.notOk(limit.isOn)
  t.ok(limit.hasRoomFor('192.0.2.1'))
})

const cases: Array<{ taken: string, asked: string, same: boolean }> = [
  { taken: '2001:db8:0:1::1', asked: '2001:db8:0:1:ffff:ffff:ffff:ffff', same: true },
  { taken: '2001:db8:0:1::1', asked: '2001:DB8::1:0:0:0:2', same: true },
  { taken: '2001:db8:0:1::1', asked: '2001:db8:0:2::1', same: false },
  { taken: '2001:db8::1', asked: '2001:db8:0:0:5::', same: true },
  { taken: '::1', asked: '0:0:0:0:0:0:0:2', same: true },
  { taken: 'fe80::1%eth0', asked: 'fe80::2', same: true },
  { taken: '::ffff:192.0.2.1', asked: '192.0.2.1', same: true },
  { taken: '::FFFF:192.0.2.1', asked: '192.0.2.2', same: false },
  { taken: '::ffff:0505:0505', asked: '5.5.5.5', same: true },
  { taken: '192.0.2.1:1234', asked: '192.0.2.1:9', same: true },
  { taken: '[2001:db8::4]:443', asked: '2001:db8::9', same: true },
  { taken: '[2001:db8::4]', asked: '[2001:db8:0:1::4]', same: false },
  { taken: 'garbage1', asked: 'garbage2', same: true }
]
for (const { taken, asked, same } of cases) {
  t.test(`${asked} counts ${same ? 'with' : 'beside'} ${taken}`, async (t) => {
    const limit = new AddressLimit(1)
    limit.take(taken)
    t.equal(limit.hasRoomFor(asked), !same)
  })
}
