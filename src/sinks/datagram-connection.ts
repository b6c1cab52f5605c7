import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { type Endpoint, formatEndpoint } from '../config/formats.ts'
import { RelayError } from '../core/errors.ts'

/** What IPv4 leaves for the payload of a datagram: 65,535 bytes less both headers (RFC 5426 section 3.2). */
export const maxDatagramBytes = 65_507

/** A connected UDP socket, so that ICMP errors of its peer, and of nobody else, come back to it. */
export class DatagramConnection {
  readonly connectedAtMs = Date.now()
  readonly #socket: Socket
  readonly #name: string
  #error: Error | undefined

  /** Takes over a connected socket. */
  constructor(socket: Socket, name: string) {
    this.#socket = socket
    this.#name = name
    socket.on('error', (error) => {
      this.#error ??= error
    })
  }

  /** False after an error, which may have come while nothing was sent. */
  get alive(): boolean {
    return this.#error === undefined
  }

  /**
   * Sends some datagrams; resolves when all have left without a complaint but those handed to `tooLarge`, by their place in
   * the list. Rejects with the first other error, and when the signal aborts, without telling which have left.
   */
  async send(datagrams: readonly Buffer[], signal: AbortSignal, tooLarge: (at: number, error: RelayError) => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      let left = datagrams.length
      const finish = () => {
        signal.removeEventListener('abort', finish)
        if (signal.aborted) reject(new RelayError('ENDPOINT_CLOSED', `sending to ${this.#name} was stopped`))
        else resolve()
      }
      signal.addEventListener('abort', finish)
      if (left === 0 || signal.aborted) return finish()
      for (const [at, datagram] of datagrams.entries()) {
        this.#socket.send(datagram, (error) => {
          if (isTooLarge(error)) tooLarge(at, messageTooLarge(datagram.length, this.#name))
          else if (error) this.#error ??= error
          left--
          if (left === 0) finish()
        })
      }
    })
    // An ICMP answer to the last of them is read when the event loop polls: for certain between two turns.
    await turn()
    await turn()
    if (this.#error !== undefined) throw this.#error
  }

  close(): void {
    this.#socket.close()
  }
}

/** Looks the name up and connects. Rejects with what the system says, a RelayError on time-out and abort. */
export async function connectDatagram(endpoint: Endpoint, timeoutMs: number, signal: AbortSignal): Promise<DatagramConnection> {
  const name = formatEndpoint(endpoint)
  const { address, family } = await found(lookup(endpoint.host), name, timeoutMs, signal)
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      // The types do not say so, but the callback is given the error of a connect that failed.
      socket.connect(endpoint.port, address, (error?: Error) => {
        socket.off('error', reject)
        if (error === undefined) resolve()
        else reject(error)
      })
    })
  } catch (error) {
    socket.close()
    throw error
  }
  return new DatagramConnection(socket, name)
}

/** A look-up cannot be called off, so its answer is left alone when it is not wanted any more. */
function found<T>(answer: Promise<T>, name: string, timeoutMs: number, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const settled = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
    }
    const aborted = () => {
      settled()
      reject(new RelayError('ENDPOINT_UNREACHABLE', `connecting to ${name} was stopped`))
    }
    const timer = setTimeout(() => {
      settled()
      reject(new RelayError('ENDPOINT_UNREACHABLE', `cannot connect to ${name}: the name server did not answer in time`))
    }, timeoutMs)
    signal.addEventListener('abort', aborted)
    if (signal.aborted) aborted()
    answer.finally(settled).then(resolve, reject)
  })
}

/** A message that no datagram to this peer can carry. */
export function messageTooLarge(octets: number, name: string): RelayError {
  return new RelayError('MESSAGE_TOO_LARGE', `${octets} bytes do not fit into a datagram to ${name}`, {
    hint: 'Send long messages over tcp:// or tls://.',
  })
}

function isTooLarge(error: Error | null): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'EMSGSIZE'
}
