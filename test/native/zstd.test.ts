import { test } from 'tap'
import { zlibZstd, zstd } from '../../src/native/zstd.ts'

const text = Buffer.from('<134>1 2026-11-21T10:00:00Z host app - - - a line\n'.repeat(2000))

for (const [name, codec, other] of [
  ['the runtime’s own', zstd(), zlibZstd],
  ['node:zlib', zlibZstd, zstd()],
] as const) {
  test(`${name}: what one compresses both read`, async (t) => {
    const packed = Buffer.alloc(text.length)
    const length = await codec.compress(text, packed)
    t.ok(length !== undefined && length < text.length / 10)
    for (const reader of [codec, other]) {
      const plain = Buffer.alloc(text.length)
      t.equal(await reader.decompress(packed.subarray(0, length), plain), text.length)
      t.ok(plain.equals(text))
    }
  })

  test(`${name}: what does not fit, is cut off or is no frame`, async (t) => {
    t.equal(await codec.compress(text, Buffer.alloc(10)), undefined)
    const packed = Buffer.alloc(text.length)
    const length = (await codec.compress(text, packed)) as number
    t.equal(await codec.decompress(packed.subarray(0, length), Buffer.alloc(text.length - 1)), undefined)
    t.equal(await codec.decompress(packed.subarray(0, length - 1), Buffer.alloc(text.length)), undefined)
    t.equal(await codec.decompress(Buffer.from('no frame'), Buffer.alloc(100)), undefined)
    t.equal(await codec.decompress(packed.subarray(0, length), Buffer.alloc(text.length)), text.length, 'and goes on working')
  })
}

test('the runtime has zstd to call directly', async (t) => {
  t.not(zstd(), zlibZstd)
})

test('more calls at once than contexts', async (t) => {
  const inputs = Array.from({ length: 40 }, (_, i) => Buffer.from(`${i} `.repeat(5000 + i)))
  const packed = await Promise.all(
    inputs.map(async (input) => {
      const into = Buffer.alloc(input.length)
      return into.subarray(0, await zstd().compress(input, into))
    }),
  )
  const plain = await Promise.all(
    packed.map(async (frame, i) => {
      const into = Buffer.alloc((inputs[i] as Buffer).length)
      return into.subarray(0, await zstd().decompress(frame, into))
    }),
  )
  t.ok(plain.every((bytes, i) => bytes.equals(inputs[i] as Buffer)))
})
