import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import { test } from 'tap'
import { decompressed } from '../../../src/sources/s3/decompress.ts'

const plain = Buffer.from(Array.from({ length: 1500 }, (_, n) => `line ${n} ${(n * 7919) % 1000}\n`).join(''))
const half = plain.length >> 1
const parts = [plain.subarray(0, half), plain.subarray(half)] as const
const zeros = Buffer.alloc(700)
const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
const never = new AbortController().signal

const packed: [string, Buffer][] = [
  ['plain', plain],
  ['gzip', gzipSync(plain)],
  ['gzip, two members', Buffer.concat(parts.map((part) => gzipSync(part)))],
  ['gzip, an empty member', Buffer.concat([gzipSync(parts[0]), gzipSync(''), gzipSync(parts[1])])],
  ['gzip with padding', Buffer.concat([gzipSync(plain), zeros])],
  ['gzip, padding between members', Buffer.concat([gzipSync(parts[0]), zeros, gzipSync(parts[1]), zeros])],
  ['zstd', zstdCompressSync(plain)],
  ['zstd, two frames', Buffer.concat(parts.map((part) => zstdCompressSync(part)))],
  [
    'zstd, frames to skip',
    Buffer.concat([skippable, zstdCompressSync(parts[0]), skippable, skippable, zstdCompressSync(parts[1]), skippable]),
  ],
  ['zstd with checksum', zstdCompressSync(plain, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
]

for (const [name, bytes] of packed) {
  test(`${name}: the same bytes however they are chunked`, async (t) => {
    for (const size of [1, 2, 17, 1000, bytes.length]) {
      const read = await all(decompressed(chunks(bytes, size), never))
      t.ok(read.equals(plain), `chunks of ${size}`)
    }
  })
}

test('members and frames that end where a chunk does', async (t) => {
  for (const pack of [gzipSync, zstdCompressSync]) {
    const members = parts.map((part) => pack(part))
    t.ok((await all(decompressed(from(members), never))).equals(plain))
  }
})

test('padding that begins where a chunk does', async (t) => {
  t.ok((await all(decompressed(from([gzipSync(plain), zeros, zeros]), never))).equals(plain))
})

test('short objects and empty chunks', async (t) => {
  for (const text of ['', 'a', 'abc', 'abcd', '\x28\xb5\x2f']) {
    const bytes = Buffer.from(text, 'latin1')
    t.same(await all(decompressed(from([Buffer.alloc(0), bytes, Buffer.alloc(0)]), never)), bytes)
  }
  for (const pack of [gzipSync, zstdCompressSync]) t.same(await all(decompressed(from([pack('')]), never)), Buffer.alloc(0))
})

test('chunks that are no Buffers', async (t) => {
  const bytes = new Uint8Array(Buffer.from('xabcdx')).subarray(1, 5)
  t.equal((await all(decompressed(from([bytes]), never))).toString(), 'abcd')
})

test('data that ends early', async (t) => {
  for (const [name, pack] of [
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const) {
    const bytes = pack(plain)
    for (const length of [4, 12, bytes.length >> 1, bytes.length - 1]) {
      for (const size of [1, 1000, bytes.length])
        await t.rejects(all(decompressed(chunks(bytes.subarray(0, length), size), never)), {
          code: 'OBJECT_UNREADABLE',
          message: `the ${name} data ends early`,
        })
    }
    const second = Buffer.concat([bytes, bytes.subarray(0, 20)])
    for (const size of [1, 1000, second.length])
      await t.rejects(all(decompressed(chunks(second, size), never)), { message: `the ${name} data ends early` })
  }
})

test('damaged data', async (t) => {
  for (const [name, pack] of [
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const) {
    const bytes = Buffer.from(pack(plain, { params: { [constants.ZSTD_c_checksumFlag]: 1 } } as object))
    bytes.fill(0xff, bytes.length - 20)
    const message = new RegExp(`^the ${name} data is damaged behind byte \\d+ \\(.+\\)$`)
    for (const size of [1, 1000, bytes.length])
      await t.rejects(all(decompressed(chunks(bytes, size), never)), { code: 'OBJECT_UNREADABLE', message })
  }
})

test('something else behind the data is no padding', async (t) => {
  for (const pack of [gzipSync, zstdCompressSync]) {
    for (const behind of ['junk that is no header', '\0\0\0junk']) {
      const bytes = Buffer.concat([pack(plain), Buffer.from(behind)])
      for (const size of [1, 1000, bytes.length])
        await t.rejects(all(decompressed(chunks(bytes, size), never)), {
          code: 'OBJECT_UNREADABLE',
          message: /data is (?:damaged behind|followed by)/,
        })
    }
  }
  const zstd = zstdCompressSync('a')
  const words = `the zstd data is followed by something else at byte ${zstd.length}`
  for (const behind of [zeros, gzipSync('b')])
    await t.rejects(all(decompressed(from([Buffer.concat([zstd, behind])]), never)), { message: words })
  const gzip = Buffer.concat([gzipSync('a'), zeros])
  const gzipWords = `the gzip data is followed by something else at byte ${gzip.length}`
  await t.rejects(all(decompressed(from([Buffer.concat([gzip, zstd])]), never)), { message: gzipWords })
})

test('a window that is too large has words of its own', async (t) => {
  // A frame header of RFC 8878, 3.1.1.1: no single segment, window descriptor 2^28, and an empty last block.
  const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 18 << 3, 1, 0, 0])
  await t.rejects(all(decompressed(from([frame]), never)), { code: 'OBJECT_UNREADABLE', message: /more than 128 MiB/ })
})

test('errors of the input pass unchanged', async (t) => {
  const failure = new Error('connection reset')
  for (const bytes of [plain, gzipSync(plain), zstdCompressSync(plain)]) {
    for (const length of [0, 2, 100]) {
      async function* failing() {
        yield bytes.subarray(0, length)
        throw failure
      }
      await t.rejects(all(decompressed(failing(), never)), failure)
      t.equal(await all(decompressed(failing(), never)).catch((error) => error), failure)
    }
  }
})

test('what is held does not grow: a reader that stops stops the input', async (t) => {
  const block = Buffer.alloc(1 << 20, 'all the same ')
  for (const pack of [gzipSync, zstdCompressSync]) {
    // Each chunk unfolds to 64 MiB.
    const bomb = pack(Buffer.concat(Array.from({ length: 64 }, () => block)))
    t.ok(bomb.length < (64 << 20) / 200)
    let pulled = 0
    async function* bombs() {
      for (let n = 0; n < 20; n++) {
        pulled++
        yield bomb
      }
    }
    let largest = 0
    let bytes = 0
    for await (const piece of decompressed(bombs(), never)) {
      largest = Math.max(largest, piece.length)
      bytes += piece.length
      if (pulled > Math.ceil(bytes / (64 << 20)) + 1) t.fail(`${pulled} chunks are pulled for ${bytes} bytes`)
      if (bytes > 130 << 20) break
    }
    t.ok(largest <= 256 << 10, `${largest} bytes at a time`)
    t.ok(pulled <= 4, `${pulled} chunks were pulled for 2 of them`)
  }
})

test('leaving the loop lets the input clean up', async (t) => {
  for (const bytes of [plain, gzipSync(plain), zstdCompressSync(plain)]) {
    let cleaned = 0
    async function* endless() {
      try {
        for (;;) yield bytes
      } finally {
        cleaned++
      }
    }
    for await (const _ of decompressed(endless(), never)) break
    t.equal(cleaned, 1)
    for await (const _ of decompressed(endless(), never)) {
      await t.rejects(Promise.reject(new Error('of the loop')))
      break
    }
    t.equal(cleaned, 2)
  }
})

test('damage lets the input clean up', async (t) => {
  let cleaned = false
  async function* input() {
    try {
      yield Buffer.from('1f8b0800ffff', 'hex')
      yield Buffer.alloc(100, 0xff)
      yield Buffer.alloc(100, 0xff)
    } finally {
      cleaned = true
    }
  }
  await t.rejects(all(decompressed(input(), never)), { code: 'OBJECT_UNREADABLE' })
  t.ok(cleaned)
})

test('the signal ends a wait for input, and what is between two pieces', async (t) => {
  const reason = new Error('stop')
  for (const bytes of [plain, gzipSync(plain), zstdCompressSync(plain)]) {
    const waiting = new AbortController()
    async function* stuck() {
      yield bytes.subarray(0, 500)
      setImmediate(() => waiting.abort(reason))
      await new Promise(() => {})
    }
    await t.rejects(all(decompressed(stuck(), waiting.signal)), reason)
    const between = new AbortController()
    const reading = decompressed(from([bytes, bytes]), between.signal)
    await reading.next()
    between.abort(reason)
    await t.rejects(reading.next(), reason)
    await t.rejects(all(decompressed(from([bytes]), AbortSignal.abort(reason))), reason)
  }
})

async function all(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const read: Buffer[] = []
  for await (const piece of pieces) read.push(piece)
  return Buffer.concat(read)
}

async function* from(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
