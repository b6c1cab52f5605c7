import { constants, createGunzip, createZstdDecompress } from 'node:zlib'
import { RelayError } from '../../core/errors.ts'
import { ByteInput } from './byte-input.ts'
import { ZlibMember } from './zlib-member.ts'

/** Bytes of output that are made at a time. */
const chunkSize = 64 * 1024
/** By so many an object is known. */
export const magicBytes = 4

/**
 * The bytes of an object as they were before gzip (RFC 1952) or zstd (RFC 8878), told by their first bytes; others pass as they are.
 * Members or frames one behind the other are one object, zeros behind gzip data are padding, and anything else there is damage.
 *
 * No more is held than one chunk of the input and one of the output, and a zstd frame's window (128 MiB at most, as the zstd command
 * has it). Leaving the loop lets go of everything.
 *
 * Errors: OBJECT_UNREADABLE where the data is damaged or ends early; those of `chunks` pass unchanged; the signal's reason.
 */
export async function* decompressed(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Buffer> {
  const input = new ByteInput(chunks, signal)
  try {
    const codec = codecOf(await input.peek(magicBytes))
    if (codec !== undefined) yield* members(codec, input, signal)
    else {
      for (let chunk = await input.next(); chunk !== undefined; chunk = await input.next()) yield chunk
    }
  } finally {
    await input.close()
  }
}

export type Codec = 'gzip' | 'zstd'

async function* members(codec: Codec, input: ByteInput, signal: AbortSignal): AsyncGenerator<Buffer> {
  let before = 0
  for (;;) {
    const member = new ZlibMember(codec === 'gzip' ? createGunzip({ chunkSize }) : createZstdDecompress(zstdOptions))
    try {
      yield* member.read(input, signal)
    } catch (error) {
      throw damaged(codec, error, before + member.taken)
    }
    before += member.taken
    if (codec === 'gzip') before += await skipPadding(input)
    const next = await input.peek(magicBytes)
    if (next.length === 0) return
    if (codecOf(next) !== codec) throw unreadable(`the ${codec} data is followed by something else at byte ${before}`)
  }
}

/** 128 MiB. */
const zstdOptions = { chunkSize, params: { [constants.ZSTD_d_windowLogMax]: 27 } }
const tooLargeWindow = 'ZSTD_error_frameParameter_windowTooLarge'

/** gzip: 1f 8b. zstd: 28 b5 2f fd, or a frame to skip, 50 to 5f and 2a 4d 18. Undefined: plain. */
export function codecOf(head: Buffer): Codec | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  if (head.length < magicBytes) return undefined
  const magic = head.readUInt32LE(0)
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50 ? 'zstd' : undefined
}

/** Tools that write in blocks fill up the last one with zeros. Returns how many there were. */
async function skipPadding(input: ByteInput): Promise<number> {
  let skipped = 0
  for (let chunk = await input.next(); chunk !== undefined; chunk = await input.next()) {
    const end = chunk.findIndex((byte) => byte !== 0)
    skipped += end === -1 ? chunk.length : end
    if (end === -1) continue
    input.giveBack(chunk.subarray(end))
    break
  }
  return skipped
}

/** Errors of the input and the signal pass: only the decoders' have such codes. */
function damaged(codec: Codec, error: unknown, taken: number): unknown {
  const code = (error as { code?: unknown } | undefined)?.code
  if (!(error instanceof Error) || typeof code !== 'string' || !/^(?:Z_|ZSTD_)/.test(code)) return error
  if (code === 'Z_BUF_ERROR') return unreadable(`the ${codec} data ends early`, error)
  if (code === tooLargeWindow)
    return unreadable('the zstd data was made with a window of more than 128 MiB (--long), which is not read', error)
  return unreadable(`the ${codec} data is damaged behind byte ${taken} (${error.message})`, error)
}

function unreadable(words: string, cause?: unknown): RelayError {
  return new RelayError('OBJECT_UNREADABLE', words, { cause })
}
