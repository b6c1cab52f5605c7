import { gzipSync, zstdCompressSync } from 'node:zlib'
import { test } from 'tap'
import { split } from './split.ts'

const binary = Buffer.from([0x15, 0, 1, 2, 3, 4])
const tar = Buffer.alloc(512)
tar.write('name')
tar.write('ustar', 257)

const files: [string, Buffer][] = [
  ['a Parquet file', Buffer.concat([Buffer.from('PAR1'), binary])],
  ['an ORC file', Buffer.concat([Buffer.from('ORC'), binary])],
  ['an Avro file', Buffer.from('Obj\x01\x04\x14avro.codec')],
  ['a zip archive', Buffer.from('PK\x03\x04\x14')],
  ['a tar archive', tar],
  ['a 7-Zip archive', Buffer.from('7z\xbc\xaf\x27\x1c\0\x04', 'latin1')],
  ['bzip2 data', Buffer.from('BZh91AY&SY', 'latin1')],
  ['xz data', Buffer.from('\xfd7zXZ\0', 'latin1')],
  ['gzip data inside gzip or zstd data', gzipSync('a')],
  ['zstd data inside gzip or zstd data', zstdCompressSync('a')],
  ['UTF-16 text', Buffer.from('\ufefftext\n', 'utf16le')],
  ['UTF-16 text', Buffer.from('\ufefftext\n', 'utf16le').swap16()],
  ['UTF-16 text', Buffer.from('text', 'utf16le')],
  ['UTF-16 text', Buffer.from('text', 'utf16le').swap16()],
  ['UTF-32 text', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0])],
]

test('files that are no text are named and not read', async (t) => {
  for (const [words, file] of files) {
    for (const format of ['auto', 'lines', 'cloudtrail', 'vpc_flow'] as const) {
      for (const sizes of [[], [1]]) {
        const { texts, splitter } = split(format, file, sizes)
        t.equal(splitter.failure, `is ${words}, which is not read`)
        t.same(texts, [])
        t.equal(splitter.resume.offset, 0)
      }
    }
  }
})

test('text that looks like one of them is read', async (t) => {
  for (const text of ['ORCHESTRA', 'PAR1 x', 'BZh9 x', 'PK', 'Obj', 'a', '\0\0\0\0\0\0', 'a\0\0\0b\0c', 'ab\0\0']) {
    const { texts, splitter } = split('auto', text)
    t.equal(splitter.failure, undefined)
    t.same(texts, [text])
  }
})
