import fc from 'fast-check'
import t from 'tap'
import { salvage } from '../../src/config/salvage.ts'

const good = { sinks: { s: { type: 'file' } }, pipelines: { p: { source: { type: 'syslog' }, sinks: ['s'] } } }

t.test('leaves out what is wrong and keeps the rest', async (t) => {
  const value = {
    ...good,
    zebra: 1,
    log: { level: 'loud' },
    sinks: { ...good.sinks, bad: { type: 'fiel' }, partly: { type: 'file', max_files: 'x', path: 'a.log' } },
    pipelines: { ...good.pipelines, gone: { sinks: ['s'] } },
  }
  const before = structuredClone(value)
  const kept = salvage(value)
  t.same(value, before, 'the original stays as it was')
  t.match(kept, { log: { level: 'info' }, sinks: { partly: { path: 'a.log', max_files: 10 } } })
  t.same(Object.keys(kept?.sinks ?? {}), ['s', 'partly'])
  t.same(Object.keys(kept?.pipelines ?? {}), ['p'])
})

t.test('too little left', async (t) => {
  for (const value of ['text', null, [], {}, { sinks: 5, pipelines: {} }]) t.equal(salvage(value), undefined)
})

t.test('never throws', async (t) => {
  const tree = fc.object({ key: fc.constantFrom('sinks', 'pipelines', 'p', 'source', 'type', 'log', 'tls', 'constructor'), maxDepth: 5 })
  t.doesNotThrow(() => fc.assert(fc.property(tree, (value) => void salvage(value))))
})
