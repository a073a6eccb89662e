import t from 'tap'
import { FluxTables } from '../../../../lib/source/influx/flux-tables.ts'

/** Rows as objects, with the type of the value. */
function readAll (lines: string[]): Array<Record<string, string>> {
  const rows: Array<Record<string, string>> = []
  const tables = new FluxTables((columns, types) => (fields) => {
    const entries = columns.map((column, index) => [column, fields[index] ?? ''] as const).slice(3)
    rows.push({ ...Object.fromEntries(entries), type: types[columns.indexOf('_value')] ?? '' })
  })
  for (const line of lines) tables.line(line)
  return rows
}

t.test('tables with other columns and types', async (t) => {
  t.strictSame(readAll([
    '#datatype,string,long,double,string', '#group,false,false,false,false', '#default,0,,,',
    ',result,table,_value,pop', ',,0,1.5,a', ',,0,2.5,', '',
    '#datatype,string,long,string,long', '#group,false,false,false,false', '#default,1,,,',
    ',result,table,pop,_value', ',,0,b,3', ''
  ]), [
    { _value: '1.5', pop: 'a', type: 'double' },
    { _value: '2.5', pop: '', type: 'double' },
    { _value: '3', pop: 'b', type: 'long' }
  ])
})

t.test('a second table under the same annotations', async (t) => {
  const lines = ['#datatype,string,long,double', ',result,table,_value', ',,0,1', '', ',result,table,_value', ',,1,2']
  t.strictSame(readAll(lines), [{ _value: '1', type: 'double' }, { _value: '2', type: 'double' }])
})

t.test('quoted fields', async (t) => {
  const cases: Array<{ name: string, lines: string[], pop: string }> = [
    { name: 'quotes and commas', lines: [',,0,1,"we""ird, 1"'], pop: 'we"ird, 1' },
    { name: 'empty', lines: [',,0,1,""'], pop: '' },
    { name: 'a line break', lines: [',,0,1,"two', 'lines"'], pop: 'two\nlines' },
    { name: 'only quotes', lines: [',,0,1,""""'], pop: '"' }
  ]
  for (const { name, lines, pop } of cases) {
    const head = ['#datatype,string,long,double,string', ',result,table,_value,pop']
    t.strictSame(readAll([...head, ...lines]), [{ _value: '1', pop, type: 'double' }], name)
    const more = [',result,table,_value,pop,more', ...lines.slice(0, -1), `${lines.at(-1)},2`]
    t.match(readAll(more), [{ pop, more: '2' }], `${name}, and a field behind it`)
  }
})

t.test('failures in tables', async (t) => {
  const cases = [
    { name: 'annotated', lines: ['#datatype,string,string', '#group,true,true', ',error,reference', ',out of memory,897'] },
    { name: 'plain', lines: ['error', 'out of memory'] },
    { name: 'behind rows', lines: [',result,table,_value', ',,0,1', '', 'error,reference', 'out of memory,'] }
  ]
  for (const { name, lines } of cases) {
    const expected = { name: 'SourceError', reason: 'bad_answer', message: 'the script failed: out of memory' }
    t.throws(() => readAll(lines), expected, name)
  }
})

t.test('a tag that is called error', async (t) => {
  const lines = ['#datatype,string,long,double,string', ',result,table,_value,error', ',,0,1,e']
  t.strictSame(readAll(lines), [{ _value: '1', error: 'e', type: 'double' }])
})
