import type { Socket } from 'node:net'
import { RelayError } from '../core/errors.ts'
import { type RelpFrame, RelpFrameReader, relpFrame } from '../protocols/relp-frames.ts'
import { isRelpOk, parseRelpResponse, type RelpResponse } from '../protocols/relp-session.ts'
import { untilAbort } from '../retry/until-abort.ts'
import type { Slice } from './batch-encoder.ts'
import { connectionError } from './connection-errors.ts'
import { ConnectionLife, type DeathListener } from './connection-life.ts'
import type { Delivery, Fate, IndexRange } from './delivery.ts'
import type { Refusal } from './outcome.ts'
import { RelpWindow, type WrittenFrames } from './relp-window.ts'
import { sendingStopped } from './stream-connection.ts'
import { carry, type Link, StreamDelivery } from './stream-delivery.ts'

/** Of an answer. Longer ones are cut: what matters comes first. */
const maxAnswerBytes = 16 * 1024
/** Of what the peer says, in an error. */
const maxQuoteLength = 200

/**
 * One connection over which RELP is spoken, as the client: from an open socket until it dies, and never opened again.
 * A message is delivered when the server has answered 200 for it, in whatever order it answers.
 */
export class RelpConnection {
  readonly #socket: Socket
  readonly #endpoint: string
  readonly #reader: RelpFrameReader
  readonly #window = new RelpWindow()
  readonly #life = new ConnectionLife()
  readonly #maxUnsettledBytes: number
  /** Commands that are not messages, by transaction number. */
  readonly #asked = new Map<number, (answer: RelpResponse) => void>()
  #delivery: StreamDelivery | undefined
  #unflushedBytes = 0
  /** Anything, ever. */
  #acknowledged = false
  #leavesPolitely = false
  #closing: Promise<void> | undefined
  readonly #onEmpty = new Set<() => void>()

  /** Takes over an open socket. */
  constructor(socket: Socket, endpoint: string, maxUnsettledBytes: number) {
    this.#socket = socket
    this.#endpoint = endpoint
    this.#maxUnsettledBytes = maxUnsettledBytes
    this.#reader = new RelpFrameReader({ maxDataBytes: maxAnswerBytes, onFrame: (frame) => this.#took(frame) })
    // While we take leave, the end is what we asked for.
    const died = (error: Error) => this.#died(this.#closing ? undefined : connectionError(error, endpoint, 'established'))
    const closed = () => died(Object.assign(new Error('closed'), { code: 'EPIPE' }))
    socket.on('error', died).on('end', closed).on('close', closed)
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
  }

  get alive(): boolean {
    return this.#life.alive
  }

  /** The server has said that it is going away (serverclose). */
  get leavesPolitely(): boolean {
    return this.#leavesPolitely
  }

  /** Of the first message of the next delivery. */
  get nextTxnr(): number {
    return this.#window.nextTxnr
  }

  onDeath(listener: DeathListener): () => void {
    return this.#life.onDeath(listener)
  }

  /** Sends a command that is not a message. Rejects with the reason when the connection dies before it is answered. */
  ask(command: string, data = ''): Promise<RelpResponse> {
    const answer = Promise.withResolvers<RelpResponse>()
    const txnr = this.#window.takeTxnr()
    const forget = this.onDeath((reason = sendingStopped(this.#endpoint)) => answer.reject(reason))
    this.#asked.set(txnr, (response) => {
      forget()
      answer.resolve(response)
    })
    if (this.alive) this.#socket.write(relpFrame(txnr, command, data))
    return answer.promise
  }

  /**
   * Writes slices of RELP frames, whose numbers begin at `nextTxnr`, and answers when the kernel has them all. `refused` are the
   * messages that are in none of them, and grows while slices are made. One call at a time.
   */
  async deliver(next: () => Slice | undefined, refused: readonly Refusal[], signal: AbortSignal): Promise<Delivery> {
    const written: WrittenSlice[] = []
    const delivery = new StreamDelivery(this.#link(written, refused), next)
    this.#delivery = delivery
    const answer = await carry(delivery, this, signal, sendingStopped(this.#endpoint))
    this.#delivery = undefined
    const fate = answer.fate.then((known) => (known.error === undefined ? known : this.#partial(known, written, refused)))
    return { ...answer, ...(answer.error && this.#whenAgain), fate }
  }

  /** Resolves when everything written is acknowledged, or the connection dead, or when the signal aborts. */
  async settled(signal: AbortSignal): Promise<void> {
    if (!this.alive || this.#window.empty) return
    const done = Promise.withResolvers<void>()
    const finish = () => done.resolve()
    const forget = this.onDeath(finish)
    this.#onEmpty.add(finish)
    await untilAbort(done.promise, signal)
    forget()
    this.#onEmpty.delete(finish)
  }

  /** Takes leave: no message more, and the end when the server has answered, or when the deadline aborts. */
  async close(deadline: AbortSignal): Promise<void> {
    if (this.alive && !deadline.aborted) {
      this.#closing ??= this.ask('close').then(
        () => {},
        () => {}, // It died first.
      )
      await untilAbort(this.#closing, deadline)
    }
    this.destroy()
  }

  /** What is not acknowledged comes to nothing, because of the reason if there is one. */
  destroy(reason?: RelayError): void {
    this.#died(reason)
  }

  #link(written: WrittenSlice[], refused: readonly Refusal[]): Link {
    const connection = this
    return {
      maxOpenBytes: this.#maxUnsettledBytes,
      get openBytes() {
        return connection.#window.bytes - connection.#unflushedBytes
      },
      get writable() {
        return connection.alive && connection.#closing === undefined
      },
      write: ({ bytes, end }, flushed, settled) => {
        const before = written.at(-1)
        const from = before?.to ?? 0
        const frames = end - from - (refused.length - (before?.refused ?? 0))
        const entry = this.#window.add({ frames, bytes: bytes.length, settled })
        written.push({ from, to: end, refused: refused.length, entry })
        this.#write(bytes, flushed)
      },
    }
  }

  #write(bytes: Buffer, flushed: () => void): void {
    const { length } = bytes
    this.#unflushedBytes += length
    this.#socket.write(bytes, (error) => {
      this.#unflushedBytes -= length
      if (error || !this.alive) return // Its death tells.
      flushed()
    })
  }

  #read(chunk: Buffer): void {
    const wrong = this.#reader.push(chunk)
    if (wrong !== undefined) this.#giveUp(`sent what is no RELP: ${wrong}`)
    this.#delivery?.pump()
    if (!this.#window.empty) return
    for (const finish of this.#onEmpty) finish()
  }

  #took({ txnr, command, data }: RelpFrame): void {
    if (!this.alive) return
    if (command === 'rsp') this.#answered(txnr, data)
    else if (command === 'serverclose') this.#serverCloses()
    else if (txnr !== 0) this.#giveUp(`sent the command ${command}, which no server may`)
  }

  #answered(txnr: number, data: Buffer): void {
    const asked = this.#asked.get(txnr)
    if (asked !== undefined) {
      this.#asked.delete(txnr)
      asked(parseRelpResponse(data))
    } else if (!isRelpOk(data)) {
      this.#giveUp(`refused a message: ${JSON.stringify(data.toString('utf8', 0, maxQuoteLength))}`)
    } else if (this.#window.acknowledge(txnr)) {
      this.#acknowledged = true
    } else {
      this.#giveUp(`answered for transaction ${txnr}, which is not open`)
    }
  }

  #serverCloses(): void {
    this.#leavesPolitely = true
    // librelp says it before it answers our close.
    this.#died(this.#closing ? undefined : new RelayError('ENDPOINT_CLOSED', `${this.#endpoint} closes its connections`))
  }

  #giveUp(what: string): void {
    this.#died(new RelayError('ENDPOINT_CLOSED', `${this.#endpoint} ${what}`))
  }

  /** Of messages whose connection died: exactly those that were acknowledged are delivered. */
  #partial(fate: Fate, written: readonly WrittenSlice[], refused: readonly Refusal[]): Fate {
    return { ...fate, ...this.#whenAgain, delivered: 0, beyond: acknowledgedIn(written, refused) }
  }

  /** At once where the server took leave, unless it does so without having taken anything: that would go on for ever. */
  get #whenAgain(): { afterMs: number } | undefined {
    return this.#leavesPolitely && this.#acknowledged ? { afterMs: 0 } : undefined
  }

  #died(reason: RelayError | undefined): void {
    if (!this.alive) return
    this.#socket.destroy()
    this.#asked.clear()
    this.#life.end(reason)
  }
}

/** Messages from index `from` up to `to`, of which the refused ones are not in it. */
interface WrittenSlice {
  readonly from: number
  readonly to: number
  /** How many messages were refused up to its end. */
  readonly refused: number
  readonly entry: WrittenFrames
}

function acknowledgedIn(written: readonly WrittenSlice[], refused: readonly Refusal[]): IndexRange[] {
  const left = new Set(refused.map(({ index }) => index))
  const found: [number, number][] = []
  for (const { from, to, entry } of written) {
    let frame = 0
    for (let index = from; index < to; index++) {
      if (left.has(index) || !entry.has(frame++)) continue
      const last = found.at(-1)
      if (last?.[1] === index) last[1]++
      else found.push([index, index + 1])
    }
  }
  return found
}
