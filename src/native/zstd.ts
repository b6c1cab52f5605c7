import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import type { Zstd } from '../core/zstd.ts'
import { type Libc, withLibc } from './koffi.ts'

/** Contexts that are kept, one for each call at the same time: making one costs more than compressing a small batch. */
const maxContexts = 4
/** Where the parameters below cannot be set. */
const fallbackLevel = 1
/** `size_t` answers above this are error codes (zstd.h, ZSTD_isError): -1 to -120 or so, read as unsigned. */
const firstError = 2 ** 53

/**
 * zstd as the runtime carries it, called directly: contexts and memory are used again, where `node:zlib` makes a stream, a
 * context and several buffers for each call. Where that cannot be had, `node:zlib` does the same.
 */
export function zstd(): Zstd {
  bound ??= withLibc<Zstd>(bind, zlibZstd)
  return bound
}

/** The same by `node:zlib`. */
export const zlibZstd: Zstd = { compress: zlibCompress, decompress: zlibDecompress }

let bound: Zstd | undefined

/**
 * Parameters by their numbers (zstd.h, ZSTD_cParameter). For logs this comes within a few hundredths of level 1's size in three
 * quarters of its time: negative levels skip ahead sooner where nothing matches, and would leave literals as they are but
 * for the last; the small table stays in the processor's first cache.
 */
const parameters = [
  [100, -3], // ZSTD_c_compressionLevel
  [102, 12], // ZSTD_c_hashLog
  [1002, 1], // ZSTD_c_literalCompressionMode (experimental): ZSTD_ps_enable, Huffman
] as const

type Call = (...args: unknown[]) => void
type Done = (error: unknown, result: number | bigint) => void

function bind(libc: Libc): Zstd {
  const createCompressor = libc.func('void *ZSTD_createCCtx()')
  const createDecompressor = libc.func('void *ZSTD_createDCtx()')
  const setParameter = libc.func('size_t ZSTD_CCtx_setParameter(void *ctx, int parameter, int value)')
  const compress = libc.func('size_t ZSTD_compress2(void *ctx, void *dst, size_t cap, const void *src, size_t size)')
  const decompress = libc.func('size_t ZSTD_decompressDCtx(void *ctx, void *dst, size_t cap, const void *src, size_t size)')
  const compressors = new Contexts(() => {
    const context: unknown = createCompressor()
    for (const [parameter, value] of parameters) {
      // A library that does not know one of them goes back to level 1, which needs none.
      if (setParameter(context, parameter, value) >= firstError) setParameter(context, parameters[0][0], fallbackLevel)
    }
    return context
  })
  const decompressors = new Contexts(createDecompressor)
  return {
    compress: (plain, into) =>
      compressors.run([plain, into], (ctx, done) => (compress.async as Call)(ctx, into, into.length, plain, plain.length, done)),
    decompress: (packed, into) =>
      decompressors.run([packed, into], (ctx, done) => (decompress.async as Call)(ctx, into, into.length, packed, packed.length, done)),
  }
}

/** Contexts nobody uses at the moment. They live as long as the process. */
class Contexts {
  readonly #create: () => unknown
  readonly #free: unknown[] = []
  readonly #waiting: (() => void)[] = []
  /** Memory that another thread works on must not be collected: the call itself does not hold it. */
  readonly #held = new Set<readonly Buffer[]>()
  #made = 0

  constructor(create: () => unknown) {
    this.#create = create
  }

  /** Resolves with the bytes written, or undefined where zstd answers with an error. */
  async run(memory: readonly Buffer[], call: (context: unknown, done: Done) => void): Promise<number | undefined> {
    while (this.#free.length === 0 && this.#made === maxContexts) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    const context = this.#free.pop() ?? this.#make()
    this.#held.add(memory)
    return new Promise((resolve) => {
      call(context, (error, result) => {
        this.#held.delete(memory)
        this.#free.push(context)
        this.#waiting.shift()?.()
        resolve(error || result >= firstError ? undefined : Number(result))
      })
    })
  }

  #make(): unknown {
    this.#made++
    return this.#create()
  }
}

function zlibCompress(plain: Buffer, into: Buffer): Promise<number | undefined> {
  const options = { chunkSize: Math.max(1024, plain.length >>> 1), params: { [constants.ZSTD_c_compressionLevel]: fallbackLevel } }
  return new Promise((resolve) => zstdCompress(plain, options, (error, packed) => resolve(error ? undefined : fill(into, packed))))
}

function zlibDecompress(packed: Buffer, into: Buffer): Promise<number | undefined> {
  const options = { chunkSize: Math.max(1024, into.length), maxOutputLength: Math.max(1, into.length) }
  return new Promise((resolve) => zstdDecompress(packed, options, (error, plain) => resolve(error ? undefined : fill(into, plain))))
}

function fill(into: Buffer, bytes: Buffer): number | undefined {
  if (bytes.length > into.length) return undefined
  into.set(bytes)
  return bytes.length
}
