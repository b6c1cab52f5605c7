import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { threadCode } from '../../native/embedded.ts'

/** What the sender is asked to send: so many messages, or as many as it can for a time. */
export type Load = { readonly messages: number } | { readonly seconds: number }

/** Times are nanoseconds of the system's monotonic clock, the same in all threads. */
export interface Sent {
  readonly messages: number
  readonly beganNs: bigint
  /** Processor time of the thread since it was started. */
  readonly cpuMicroseconds: number
}

/** Asked for `report`, or to stop reading and go on. It always answers with a report. */
export type ReceiverCommand = 'report' | 'pause' | 'resume'

export interface Received {
  readonly port: number
  readonly bytes: number
  /** When the last of them came. */
  readonly lastNs: bigint
  readonly cpuMicroseconds: number
}

/** A thread that answers each command with one message. */
export class BenchThread<Command, Answer> {
  readonly #worker: Worker
  #failure: unknown

  /** `name`: of the file beside this one, as `sender-thread`. */
  constructor(name: string, workerData?: unknown) {
    const { code, eval: isText } = threadCode(name, import.meta.url)
    this.#worker = new Worker(code, { eval: isText, workerData, execArgv: [], name })
    this.#worker.on('error', (error) => {
      this.#failure = error
    })
  }

  /** Rejects when the thread fails, and when the signal aborts. One question at a time. */
  async ask(command: Command, signal: AbortSignal): Promise<Answer> {
    if (this.#failure !== undefined) throw this.#failure
    const answered = once(this.#worker, 'message', { signal })
    this.#worker.postMessage(command)
    const [answer] = await answered
    return answer as Answer
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}

/** Of the thread that asks, in microseconds. */
export function threadCpuMicroseconds(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}
