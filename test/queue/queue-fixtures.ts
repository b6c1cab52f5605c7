import { setTimeout as delay } from 'node:timers/promises'
import { BatchWriter } from '../../src/batch/batch-writer.ts'
import { messagesOf } from '../../src/batch/messages.ts'
import type { QueueConfig } from '../../src/config/schema.ts'
import type { Batch, Origin, StoredBatch } from '../../src/core/batch.ts'
import { RelayError } from '../../src/core/errors.ts'
import type { Receipt } from '../../src/core/intake.ts'
import type { Ledger, SinkLedger } from '../../src/core/ledger.ts'
import type { Logger } from '../../src/core/logger.ts'
import type { Queue } from '../../src/core/queue.ts'

export const origin: Origin = { peer: '192.0.2.1', port: 5514, transport: 'tcp' }
export const never = new AbortController().signal

export function deadline(): AbortSignal {
  return AbortSignal.timeout(10_000)
}

export interface LogLine {
  readonly level: string
  readonly message: string
  readonly [field: string]: unknown
}

export function recordingLogger(lines: LogLine[] = []): Logger & { lines: LogLine[] } {
  const at = (level: string) => (fields: object, message: string) => void lines.push({ ...fields, level, message })
  const logger = { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => logger }
  return logger
}

export function batchOf(texts: readonly string[], from: Origin = origin, timeMs = 1000): Batch {
  const writer = new BatchWriter()
  writer.from(from, timeMs)
  for (const text of texts) {
    const bytes = Buffer.from(text)
    const start = writer.put(bytes, 0, bytes.length)
    writer.message(start, start + bytes.length, 0)
  }
  const batch = writer.take()
  if (batch === undefined) throw new TypeError('a batch needs a message')
  return batch
}

/** Starts a queue in the directory of one that was given up, which may take a moment to close its store. */
export async function startAfter<Made extends Pick<Queue, 'start'>>(make: () => Made): Promise<Made> {
  for (;;) {
    const queue = make()
    try {
      await queue.start()
      return queue
    } catch (error) {
      if (!(error instanceof RelayError) || error.code !== 'QUEUE_IN_USE') throw error
      await delay(3)
    }
  }
}

/** Messages that hardly compress, each saying its number. */
export function bulkBatch(first: number, messages: number, size: number): Batch {
  return batchOf(Array.from({ length: messages }, (_, i) => bulkText(first + i, size)))
}

export function bulkText(number: number, size: number): string {
  let state = (number * 2654435761 + 12345) >>> 0
  let text = `${number} `
  while (text.length < size) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    text += state.toString(36)
  }
  return text.slice(0, size)
}

export function textsOf(batch: Batch): string[] {
  return [...messagesOf(batch)].map((message) => message.bytes.toString())
}

/** Appends, which must succeed. */
export function take(queue: Queue, batch: Batch): Receipt {
  const receipt = queue.append(batch)
  if (receipt === 'full') throw new Error(`the queue is ${queue.status().condition}`)
  return receipt
}

/** Appends as soon as there is room, and waits until it is stored. */
export async function store(queue: Queue, batch: Batch): Promise<void> {
  for (;;) {
    const receipt = queue.append(batch)
    if (receipt !== 'full') return receipt.stored
    await queue.room(never)
  }
}

/** Delivers everything that waits for the sink; returns the texts in the order of their coming. */
export async function drain(queue: Queue, sink: string, seen?: (batch: StoredBatch) => void): Promise<string[]> {
  const texts: string[] = []
  while ((queue.ledger().sinks[sink]?.queued ?? 0) > 0) {
    const stop = new AbortController()
    const lease = await Promise.race([queue.reader(sink).lease(2 ** 20, stop.signal), drained(queue, sink, stop)])
    stop.abort()
    if (lease === undefined) break
    seen?.(lease.batch)
    texts.push(...textsOf(lease.batch))
    await lease.settle(lease.batch.seqs, [])
    lease.release()
  }
  return texts
}

/** Damage found while reading may end the backlog without a further message: then nothing is left to lease. */
async function drained(queue: Queue, sink: string, stop: AbortController): Promise<undefined> {
  while ((queue.ledger().sinks[sink]?.queued ?? 0) > 0 && !stop.signal.aborted) await delay(3)
  stop.abort()
  return undefined
}

/** What the ledger promises; returns what is wrong. */
export function imbalance(ledger: Ledger): string[] {
  const wrong: string[] = []
  for (const [sink, books] of Object.entries(ledger.sinks)) {
    if (books.received !== accountedFor(books)) wrong.push(`${sink}: ${JSON.stringify(books)}`)
  }
  return wrong
}

export function accountedFor({ delivered, queued, rejected, dropped }: SinkLedger): number {
  return delivered + queued + rejected + Object.values(dropped).reduce((sum, messages) => sum + messages, 0)
}

export function queueConfig(over: Partial<QueueConfig> = {}): QueueConfig {
  return { max_size: 2 ** 26, when_full: 'block', durability: 'always', max_memory: 2 ** 20, ...over }
}
