import { test } from 'tap'
import { newRing, RingReader, RingWriter } from '../../src/sources/udp-ring.ts'

function ring(bytes: number) {
  const memory = newRing(bytes)
  return { writer: new RingWriter(memory), reader: new RingReader(memory) }
}

/** Writes a record of `words` words of which each but the first is `value`; false when there is no room. */
function write(writer: RingWriter, words: number, value: number): boolean {
  const at = writer.reserve(4 * words)
  if (at < 0) return false
  writer.words.fill(value, at / 4 + 1, at / 4 + words)
  writer.commit()
  return true
}

/** The oldest record's value, having looked at all of it; undefined when there is none. */
function read(reader: RingReader, words: number): number | undefined {
  const at = reader.next()
  if (at < 0) return undefined
  const seen = new Set(reader.words.subarray(at / 4 + 1, at / 4 + words))
  reader.release()
  if (seen.size !== 1) throw new Error(`a record was overwritten: ${[...seen]}`)
  return [...seen][0]
}

test('records come out in order, whole, whatever their lengths and however far the reader is behind', async (t) => {
  for (const bytes of [64, 72, 80, 256]) {
    const { writer, reader } = ring(bytes)
    const longest = 2 * Math.floor(bytes / 16)
    const expected: { words: number; value: number }[] = []
    let random = 12_345 + bytes
    const below = (n: number) => {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0
      return (random >>> 8) % n
    }
    for (let value = 1, full = 0; value < 5000 || full === 0; ) {
      const words = 2 + below(longest - 1)
      if (below(2) === 0) {
        if (write(writer, words, value)) expected.push({ words, value: value++ })
        else {
          full++
          if (expected.length === 0) return void t.fail(`no room for ${words} words in an empty ring of ${bytes} bytes`)
        }
      } else {
        const next = expected.shift()
        const value = read(reader, next?.words ?? 0)
        if (value !== next?.value) return void t.equal(value, next?.value)
      }
    }
    t.pass(`${bytes} bytes`)
  }
})

test('a full ring takes nothing until the reader gives memory back', async (t) => {
  const { writer, reader } = ring(64)
  t.ok(write(writer, 8, 1))
  t.notOk(write(writer, 8, 2), 'head may not reach tail')
  t.equal(read(reader, 8), 1)
  t.ok(write(writer, 8, 2))
})

test('nothing is seen before it is handed over', async (t) => {
  const { writer, reader } = ring(64)
  t.equal(reader.next(), -1)
  t.equal(writer.reserve(16), 0)
  t.equal(reader.next(), -1)
  writer.commit()
  t.equal(reader.next(), 0)
})

test('each side is told of the other once, and only where it asked', async (t) => {
  const { writer, reader } = ring(256)
  const commit = () => {
    writer.reserve(8)
    return writer.commit()
  }
  t.equal(commit(), false)
  reader.announceIdle()
  t.same([commit(), commit()], [true, false])
  reader.next()
  t.equal(reader.release(), false)
  writer.announceWait()
  t.same([reader.release(), reader.release()], [true, false])
})
