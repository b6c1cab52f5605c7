import { test } from 'tap'
import { Carry } from '../../src/framing/carry.ts'
import { writer, written } from './frame.ts'

test('grows by doubling up to its limit and no further', async (t) => {
  const carry = new Carry(5000)
  t.equal(carry.capacity, 0)
  const capacities = new Set<number>()
  for (let i = 0; i < 5000; i++) {
    carry.append(Uint8Array.of(i), 0, 1)
    capacities.add(carry.capacity)
  }
  t.strictSame([...capacities], [256, 512, 1024, 2048, 4096, 5000])
  t.equal(carry.fromEnd(0), 4999 & 255)
  t.equal(carry.fromEnd(4999), 0)
  t.equal(carry.fromEnd(5000), undefined)
})

test('writes what it holds and what follows as one message', async (t) => {
  const out = writer()
  const carry = new Carry(2000)
  carry.append(Buffer.from('xab'), 1, 3)
  carry.emit(Buffer.from('cdef'), 0, 4, 0, 2, out)
  carry.append(Buffer.from('longer'), 0, 6)
  carry.emit(Buffer.from('unused'), 0, 4, 0, 0, out)
  t.strictSame(written(out), [
    { text: 'abcd', flags: 2 },
    { text: 'long', flags: 0 },
  ])
})

test('keeps a small buffer for the next message and gives a large one back', async (t) => {
  const carry = new Carry(5000)
  carry.append(new Uint8Array(100), 0, 100)
  carry.clear()
  t.equal(carry.capacity, 256)
  carry.append(new Uint8Array(3000), 0, 3000)
  carry.clear()
  t.equal(carry.capacity, 0)
  t.equal(carry.length, 0)
})
