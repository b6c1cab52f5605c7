import fc from 'fast-check'
import { test } from 'tap'
import { maxTxnr } from '../../src/protocols/relp-frames.ts'
import { RelpWindow, type WrittenFrames } from '../../src/sinks/relp-window.ts'

test('whatever the sizes and the order of the answers, each frame is acknowledged once, and the bytes add up', async () => {
  const run = fc.record({
    sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 40 }),
    start: fc.constantFrom(0, maxTxnr - 7, 3 * maxTxnr - 1),
    order: fc.func(fc.integer()),
  })
  fc.assert(
    fc.property(run, ({ sizes, start, order }) => {
      const window = new RelpWindow(start)
      const settled: number[] = []
      let txnr = (start % maxTxnr) + 1
      const frames = sizes.flatMap((size, at) => {
        const entry = window.add({ frames: size, bytes: size * 10, settled: () => settled.push(at) })
        return Array.from({ length: size }, (_, frame) => {
          const mine = { txnr, entry, frame }
          txnr = txnr === maxTxnr ? 1 : txnr + 1
          return mine
        })
      })
      if (window.nextTxnr !== txnr) return false
      const open = new Map<WrittenFrames, number>(frames.map(({ entry }) => [entry, entry.frames]))
      for (const { txnr, entry, frame } of frames.toSorted((a, b) => order(a.txnr) - order(b.txnr) || a.txnr - b.txnr)) {
        if (entry.has(frame) || !window.acknowledge(txnr) || !entry.has(frame)) return false
        if (window.acknowledge(txnr)) return false
        open.set(entry, (open.get(entry) as number) - 1)
        const bytes = [...open].reduce((sum, [{ frames }, left]) => sum + (left > 0 ? frames * 10 : 0), 0)
        if (window.bytes !== bytes) return false
      }
      return window.empty && settled.length === sizes.length && new Set(settled).size === sizes.length
    }),
  )
})

test('numbers that were never given, or belong to a command', async (t) => {
  const window = new RelpWindow()
  t.equal(window.acknowledge(1), false, 'nothing is open')
  t.equal(window.takeTxnr(), 1)
  window.add({ frames: 2, bytes: 10, settled: () => {} })
  t.equal(window.takeTxnr(), 4)
  window.add({ frames: 1, bytes: 10, settled: () => {} })
  for (const txnr of [-1, 0, 1, 4, 6, maxTxnr]) t.equal(window.acknowledge(txnr), false, `${txnr}`)
  for (const txnr of [5, 3, 2]) t.equal(window.acknowledge(txnr), true, `${txnr}`)
  t.equal(window.empty, true)
})

test('a million entries, answered in order', async (t) => {
  const window = new RelpWindow()
  let settled = 0
  for (let i = 0; i < 1_000_000; i++) window.add({ frames: 1, bytes: 1, settled: () => settled++ })
  for (let i = 0; i < 1_000_000; i++) window.acknowledge(i + 1)
  t.same([settled, window.bytes, window.empty], [1_000_000, 0, true])
})
