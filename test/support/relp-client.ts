import type { Socket } from 'node:net'
import { type RelpFrame, RelpFrameReader, relpFrame } from '../../src/protocols/relp-frames.ts'

export const relpOffers = 'relp_version=0\nrelp_software=test\ncommands=syslog'

/** The sending side of RELP on an open connection, that says what a test wants it to say and keeps every answer as `TXNR COMMAND DATA`. */
export class RelpClient {
  readonly socket: Socket
  readonly answers: string[] = []
  #waiters: (() => void)[] = []
  ended = false

  /** `onFrame` takes each answer instead of its being kept. */
  constructor(socket: Socket, onFrame: (frame: RelpFrame) => void = (frame) => this.#keep(frame)) {
    this.socket = socket
    const reader = new RelpFrameReader({ maxDataBytes: 65_536, onFrame })
    socket.on('data', (chunk) => {
      reader.push(chunk)
      this.#changed()
    })
    socket.on('end', () => this.#over()).on('close', () => this.#over())
  }

  #keep({ txnr, command, data }: RelpFrame): void {
    this.answers.push(`${txnr} ${command} ${data.toString('latin1')}`.trim())
  }

  /** Opens the session as transaction 1. */
  async open(): Promise<this> {
    this.send(1, 'open', relpOffers)
    await this.until(() => this.answers.length > 0)
    return this
  }

  send(txnr: number, command: string, data: string | Buffer = ''): void {
    this.socket.write(relpFrame(txnr, command, data))
  }

  /** Numbers of the messages that were acknowledged. */
  get acknowledged(): number[] {
    return this.answers.filter((answer) => answer.endsWith(' rsp 200 OK')).map(Number.parseFloat)
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition() && !this.ended) await new Promise<void>((resolve) => this.#waiters.push(resolve))
  }

  #over(): void {
    this.ended = true
    this.#changed()
  }

  #changed(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }
}
