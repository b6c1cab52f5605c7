import type { MessageWriter } from '../../../src/core/framing.ts'
import { newFramingCounts } from '../../../src/framing/counts.ts'
import type { FramingLimits } from '../../../src/framing/create-framer.ts'
import { createRecordSplitter } from '../../../src/framing/objects/create-record-splitter.ts'
import { headBytes } from '../../../src/framing/objects/object-head.ts'
import type { ObjectFormat, RecordSplitter, ResumePoint, SplitterCounts } from '../../../src/framing/objects/record-splitter.ts'
import { type Result, roomy, writer, written } from '../frame.ts'

export interface Split {
  texts: string[]
  messages: Result['messages']
  counts: SplitterCounts
  splitter: RecordSplitter
}

/** Splits an object that comes in chunks of these sizes, in turn, each overwritten behind it; all at once without sizes. */
export function split(format: ObjectFormat, object: string | Buffer, sizes: readonly number[] = [], limits = roomy): Split {
  const { counts, splitter, out } = opened(format, limits)
  for (const chunk of chunked(bytesOf(object), sizes)) push(splitter, chunk, out)
  splitter.end(out)
  splitter.end(out)
  return result(written(out), counts, splitter)
}

/** The same with a break after each chunk whose turn in `breaks` is true: a new splitter goes on where the one before it said. */
export function splitWithBreaks(
  format: ObjectFormat,
  object: string | Buffer,
  sizes: readonly number[],
  breaks: readonly boolean[],
  limits = roomy,
): Split {
  const bytes = bytesOf(object)
  const messages: Result['messages'] = []
  let { counts, splitter, out } = opened(format, limits)
  let read = 0
  for (let turn = 0; read < bytes.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? bytes.length)
    push(splitter, bytes.subarray(read, read + size), out)
    read += size
    if (breaks[turn % breaks.length] !== true) continue
    messages.push(...written(out))
    const { resume } = splitter
    if (resume.messages !== messages.length) throw new Error(`${messages.length} messages are written and not ${resume.messages}`)
    ;({ splitter, out } = opened(format, limits, { ...resume }, counts))
    // Otherwise no splitter would ever get further where a message is longer than what lies between two breaks.
    read = resume.offset
    const further = bytes.subarray(read, read + size * 2 ** (turn % 30) + 1)
    push(splitter, further, out)
    read += further.length
  }
  splitter.end(out)
  return result([...messages, ...written(out)], counts, splitter)
}

/** Behind white space, so that its chunks reach what splits it: the first bytes of an object are looked at together. */
export function padded(object: string): string {
  return ' '.repeat(headBytes) + object
}

export function opened(
  format: ObjectFormat,
  limits: FramingLimits = roomy,
  resume?: ResumePoint,
  counts: SplitterCounts = { ...newFramingCounts(), headers: 0 },
): { counts: SplitterCounts; splitter: RecordSplitter; out: ReturnType<typeof writer> } {
  return { counts, splitter: createRecordSplitter(format, limits, counts, resume), out: writer() }
}

function push(splitter: RecordSplitter, bytes: Buffer, out: MessageWriter): void {
  const chunk = Buffer.from(bytes)
  splitter.push(chunk, out)
  chunk.fill('#')
}

function chunked(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length
    chunks.push(bytes.subarray(at, at + size))
    at += size
    // A size of nought must not be the only one.
    if (turn % sizes.length === sizes.length - 1) chunks.push(bytes.subarray(at, ++at))
  }
  return chunks
}

function result(messages: Result['messages'], counts: SplitterCounts, splitter: RecordSplitter): Split {
  return { texts: messages.map(({ text }) => text), messages, counts, splitter }
}

function bytesOf(object: string | Buffer): Buffer {
  return typeof object === 'string' ? Buffer.from(object, 'latin1') : object
}
