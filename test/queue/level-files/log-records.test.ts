import t from 'tap'
import { crc32c } from '../../../src/batch/crc32c.ts'
import { readLogRecords } from '../../../src/queue/level-files/log-records.ts'
import { maskedCrc32c } from '../../../src/queue/level-files/masked-crc32c.ts'

const [full, first, middle, last] = [1, 2, 3, 4]

function piece(type: number, text: string): Buffer {
  const typed = Buffer.concat([Buffer.of(type), Buffer.from(text)])
  const header = Buffer.alloc(6)
  header.writeUInt32LE(maskedCrc32c(typed), 0)
  header.writeUInt16LE(text.length, 4)
  return Buffer.concat([header, typed])
}

const read = (...pieces: Buffer[]) => {
  const { records, end } = readLogRecords(Buffer.concat(pieces))
  return { records: records.map(String), end }
}

t.test('CRC-32C', async (t) => {
  t.equal(crc32c(Buffer.from('123456789')), 0xe3069283, 'the check value of RFC 3720')
  t.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa, 'RFC 3720, B.4: 32 bytes of zeros')
  t.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43, 'RFC 3720, B.4: 32 bytes of ones')
})

t.test('pieces become records', async (t) => {
  t.same(read(piece(full, 'one'), piece(first, 'a'), piece(middle, 'b'), piece(last, 'c'), piece(full, 'two')), {
    records: ['one', 'abc', 'two'],
    end: 'whole',
  })
  t.same(read(piece(full, 'one'), piece(first, 'a')), { records: ['one'], end: 'torn' })
  t.same(read(piece(full, 'one'), piece(full, 'two').subarray(0, 8)), { records: ['one'], end: 'torn' })
})

t.test('pieces in an order that LevelDB never writes are damage', async (t) => {
  for (const pieces of [
    [piece(middle, 'b')],
    [piece(last, 'c')],
    [piece(first, 'a'), piece(full, 'b')],
    [piece(first, 'a'), piece(first, 'b')],
    [piece(5, 'x')],
    [piece(0, '')],
  ]) {
    t.same(read(piece(full, 'one'), ...pieces), { records: ['one'], end: 'damaged' })
  }
})

t.test('checksums are looked at unless they are not wanted', async (t) => {
  const file = piece(full, 'text')
  file[9] = (file[9] ?? 0) ^ 1
  t.equal(readLogRecords(Buffer.from(file)).end, 'damaged')
  t.equal(readLogRecords(Buffer.from(file), { checksums: false }).end, 'whole')
})
