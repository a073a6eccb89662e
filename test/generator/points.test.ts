import t from 'tap'
import { fleetLines, onGrid } from '../../generator/points.ts'
import { SimulatedFleet } from '../../lib/simulation/fleet.ts'

const TIME = Date.UTC(2026, 0, 1)
const names = { measurement: 'cold_start_metrics', field: 'cold_start_time_ms', popTag: 'pop_code', functionTag: 'function_name' }
const fleet = new SimulatedFleet({ pops: 2, seed: 7, randomIncidents: false })

t.test('one line per PoP and function, with tags, fields and the time in ms', async (t) => {
  const lines = fleetLines(fleet, names)(TIME)
  t.equal(lines.length, 10)
  t.equal(lines[0], 'cold_start_metrics,city=Frankfurt,country=DE,function_name=auth,pop_code=fra1,tier=1 ' +
    `cold_start_time_ms=${fleet.coldStartMs(0, 0, TIME)},latitude=50.11,longitude=8.68 ${TIME}`)
  t.match(lines[6], new RegExp(`function_name=images,pop_code=ams1.* cold_start_time_ms=${fleet.coldStartMs(1, 1, TIME)},`))
  t.equal(new Set(lines.map((line) => line.split(' ')[0])).size, 10, 'each series is there once')
})

t.test('the same time gives the same lines, another time other ones', async (t) => {
  const linesAt = fleetLines(fleet, names)
  const lines = linesAt(TIME)
  t.not(linesAt(TIME + 10_000)[0], lines[0])
  t.strictSame(linesAt(TIME), lines)
})

t.test('names of the settings are escaped, and win over the fixed ones', async (t) => {
  const [line] = fleetLines(fleet, { measurement: 'cold starts,v2', field: 'latitude', popTag: 'city', functionTag: 'fn=x' })(
    TIME
  )
  t.equal(
    line,
    `cold\\ starts\\,v2,city=fra1,country=DE,fn\\=x=auth,tier=1 latitude=${fleet.coldStartMs(0, 0, TIME)},longitude=8.68 ${TIME}`
  )
})

t.test('onGrid', async (t) => {
  t.equal(onGrid(TIME + 9_999, 10_000), TIME)
  t.equal(onGrid(TIME + 10_000, 10_000), TIME + 10_000)
  t.equal(onGrid(TIME + 1, 7_000) % 7_000, 0)
})
