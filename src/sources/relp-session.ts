import type { RelpSourceConfig } from '../config/schema.ts'
import { MessageFlag } from '../core/batch.ts'
import type { Framer, MessageWriter } from '../core/framing.ts'
import { type RelpFrame, RelpFrameReader, relpFrame } from '../protocols/relp-frames.ts'
import { formatRelpOffers, formatRelpResponse, parseRelpOffers } from '../protocols/relp-session.ts'
import type { Collector } from './collector.ts'
import type { SourceCounters } from './source-counters.ts'
import type { Session, SessionLink, StreamProtocol } from './stream-protocol.ts'

const acknowledged = ' rsp 6 200 OK\n'
const mostAcknowledgedBytes = 9 + acknowledged.length
const offers = formatRelpOffers({ version: 0, software: ['logrelay'], commands: ['syslog'] })
/** What a peer may say of itself, however short its messages are to be. */
const offersBytes = 4096
const refusedText = 'relp_version=0 and commands=syslog are spoken here'

/** RELP 1 (the protocol of rsyslog's librelp), the receiving side. */
export function relpProtocol(config: RelpSourceConfig, counters: SourceCounters, collector: Collector): StreamProtocol {
  const newSession = (link: SessionLink) => new RelpSession(config, counters, collector, link)
  return { plain: 'relp', secure: 'relps', acknowledges: true, newSession }
}

/**
 * One RELP connection. Each message is acknowledged when the batch that holds it is fsynced, so whoever sends it may forget
 * it then, and has to send it again when the connection ends before. An unfinished frame is nobody's message: its sender
 * still has it.
 */
class RelpSession implements Session, Framer {
  readonly #config: RelpSourceConfig
  readonly #counters: SourceCounters
  readonly #collector: Collector
  readonly #link: SessionLink
  readonly #reader: RelpFrameReader
  #out: MessageWriter | undefined
  #open = false
  /** Syslog frames of the chunk at hand. */
  #txnrs: number[] = []
  /** Messages that are not acknowledged yet. */
  #owed = 0
  /** The peer's `close`, or that we leave: answered when nothing is owed any more. */
  #closing: { readonly txnr?: number } | undefined
  #over = false

  constructor(config: RelpSourceConfig, counters: SourceCounters, collector: Collector, link: SessionLink) {
    this.#config = config
    this.#counters = counters
    this.#collector = collector
    this.#link = link
    this.#reader = new RelpFrameReader({
      maxDataBytes: Math.max(config.max_message_size, offersBytes),
      onFrame: (frame) => this.#take(frame),
    })
  }

  get framer(): Framer {
    return this
  }

  get atBoundary(): boolean {
    return this.#over || (this.#reader.atBoundary && this.#owed === 0)
  }

  get owedBytes(): number {
    return this.#owed * mostAcknowledgedBytes
  }

  push(chunk: Buffer, out: MessageWriter): void {
    if (this.#closing !== undefined || this.#over) return
    this.#out = out
    const wrong = this.#reader.push(chunk)
    this.#acknowledgeWhenDurable()
    if (wrong !== undefined) this.#fail(wrong)
  }

  /** What is unfinished was not acknowledged. What is owed is said all the same: the peer may read on where it writes no more. */
  end(): void {}

  leave(now: boolean): void {
    this.#closing ??= {}
    if (now) this.#owed = 0
    this.#finish()
  }

  #take(frame: RelpFrame): void {
    if (this.#closing !== undefined || this.#over) return
    if (frame.command === 'syslog') this.#message(frame)
    else if (frame.command === 'open') this.#answerOpen(frame)
    else if (frame.command === 'close') this.#closing = { txnr: frame.txnr }
    // "rsp" would answer what we never asked.
    else this.#answer(frame.txnr, formatRelpResponse(500, 'unknown command'))
  }

  #answerOpen({ txnr, data }: RelpFrame): void {
    const { version, commands } = parseRelpOffers(data.toString('latin1'))
    if (this.#open) {
      this.#fail('it opens its session twice')
    } else if ((version !== undefined && version !== 0) || !commands.includes('syslog')) {
      this.#answer(txnr, formatRelpResponse(500, refusedText))
      this.#fail(`it offers version ${version} and the commands ${JSON.stringify(commands.join(','))}`)
    } else {
      this.#open = true
      this.#answer(txnr, formatRelpResponse(200, 'OK', offers))
    }
  }

  #message({ txnr, data, length }: RelpFrame): void {
    const { framing } = this.#counters
    if (!this.#open) {
      this.#fail('it sends messages before it has opened its session')
      return
    }
    this.#txnrs.push(txnr)
    const { max_message_size: most, when_too_long: whenTooLong } = this.#config
    if (length === 0) framing.empty++
    else if (length <= most) this.#write(data, 0)
    else if (whenTooLong === 'reject') framing.tooLong++
    else {
      framing.truncated++
      this.#write(data.subarray(0, most), MessageFlag.truncated)
    }
  }

  #write(data: Buffer, flags: number): void {
    const out = this.#out as MessageWriter
    const start = out.put(data, 0, data.length)
    out.message(start, start + data.length, flags)
  }

  #acknowledgeWhenDurable(): void {
    const txnrs = this.#txnrs
    if (txnrs.length > 0) {
      this.#txnrs = []
      this.#owed += txnrs.length
      this.#collector.whenDurable(() => this.#acknowledge(txnrs))
    }
    this.#finish()
  }

  #acknowledge(txnrs: readonly number[]): void {
    if (this.#over) return
    this.#owed -= txnrs.length
    let answers = ''
    for (const txnr of txnrs) answers += txnr + acknowledged
    this.#link.write(Buffer.from(answers, 'latin1'))
    this.#finish()
  }

  #answer(txnr: number, data: string): void {
    this.#link.write(relpFrame(txnr, 'rsp', data))
  }

  /** "serverclose" is the hint that the server ends the session: what is not acknowledged is to be sent to another one. */
  #finish(): void {
    if (this.#closing === undefined || this.#owed > 0 || this.#over) return
    this.#over = true
    const { txnr } = this.#closing
    if (txnr !== undefined) this.#link.write(relpFrame(txnr, 'rsp'))
    this.#link.write(relpFrame(0, 'serverclose'))
    this.#link.end()
  }

  #fail(why: string): void {
    if (this.#over) return
    this.#over = true
    this.#link.fail(why)
  }
}
