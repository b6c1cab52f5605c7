import t from 'tap'
import { renderTable } from '../../src/cli/render-table.ts'
import { renderAge, renderBytes, renderCount, renderTime, total } from '../../src/cli/render-values.ts'

t.test('values as people read them', async (t) => {
  t.same([0, 999, 1_234_567].map(renderCount), ['0', '999', '1,234,567'])
  t.same([0, 1023, 1024, 1536, 2 ** 20 - 1, 2 ** 30, 5 * 2 ** 40, 2 ** 53].map(renderBytes), [
    '0 B',
    '1023 B',
    '1 KiB',
    '1.5 KiB',
    '1 MiB',
    '1 GiB',
    '5 TiB',
    '8192 TiB',
  ])
  t.same([-5, 0, 1500, 119_000, 300_000, 7_300_000, 200_000_000].map(renderAge), ['0 s', '0 s', '2 s', '119 s', '5 min', '2 h', '2 d'])
  t.equal(renderTime(Date.UTC(2026, 0, 2)), '2026-01-02T00:00:00Z')
  t.equal(total({ a: 1, b: undefined, c: 2 }), 3)
})

t.test('a table', async (t) => {
  const columns = [{ title: 'A' }, { title: 'COUNT', align: 'right' as const }, { title: 'C' }]
  t.equal(
    renderTable(columns, [['x', '1', ''], ['longer', '1000000', 'c'], ['y']]),
    'A         COUNT  C\nx             1\nlonger  1000000  c\ny\n',
  )
})
