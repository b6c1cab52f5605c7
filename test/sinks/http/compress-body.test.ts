import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { test } from 'tap'
import { compressBody } from '../../../src/sinks/http/compress-body.ts'

const body = Buffer.from('{"message":"the same again"}\n'.repeat(10_000))

test('a body is compressed as asked for', async (t) => {
  const gzipped = await compressBody(body, 'gzip')
  t.equal(gzipped.encoding, 'gzip')
  t.ok(gunzipSync(gzipped.bytes).equals(body))
  const zstd = await compressBody(body, 'zstd')
  t.equal(zstd.encoding, 'zstd')
  t.ok(zstdDecompressSync(zstd.bytes).equals(body))
  t.ok(Math.max(gzipped.bytes.length, zstd.bytes.length) < body.length / 20)
})

test('not where it is not wanted, nor where there is nothing to gain', async (t) => {
  t.same(await compressBody(body, 'none'), { bytes: body, encoding: undefined })
  const small = body.subarray(0, 511)
  t.same(await compressBody(small, 'gzip'), { bytes: small, encoding: undefined })
  t.equal((await compressBody(body.subarray(0, 512), 'gzip')).encoding, 'gzip')
})
