import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Dispatcher } from 'undici'
import { RelayError } from '../../core/errors.ts'

const decompress = promisify(gunzip)

/** The whole body, decompressed. Rejects with ENDPOINT_REFUSED when it is larger than `maxBytes` or cannot be decompressed, or with the connection's error. */
export async function answerBody({ body, headers }: Dispatcher.ResponseData, maxBytes: number, name: string): Promise<Buffer> {
  const tooLarge = () => new RelayError('ENDPOINT_REFUSED', `${name} gave an answer of more than ${maxBytes} bytes`)
  // Giving up on it makes it fail: that is told already.
  body.on('error', () => {})
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    length += chunk.length
    if (length > maxBytes) throw tooLarge()
  }
  const received = Buffer.concat(chunks, length)
  const encoding = String(headers['content-encoding'] ?? 'identity')
    .trim()
    .toLowerCase()
  if (length === 0 || encoding === 'identity' || encoding === '') return received
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new RelayError(
      'ENDPOINT_REFUSED',
      `${name} answers in an encoding that nobody asked for: ${JSON.stringify(encoding.slice(0, 40))}`,
    )
  }
  try {
    return await decompress(received, { maxOutputLength: maxBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw new RelayError('ENDPOINT_REFUSED', `${name} gave an answer that cannot be decompressed`, { cause: error })
  }
}
