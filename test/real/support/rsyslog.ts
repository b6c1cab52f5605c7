import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { sendFrames } from './octet-sender.ts'
import { Program } from './program.ts'
import type { Room } from './room.ts'
import { until } from './until.ts'

// In no message, so that a file of messages which contain line feeds can be taken apart again.
const separator = '\x1e'

export interface RsyslogOptions {
  readonly name?: string
  /** Parameters of `global()`, such as the certificates. */
  readonly global?: string
  /** Modules and inputs besides the local socket. */
  readonly inputs?: string
  /** Actions besides the one that writes each message to a file. */
  readonly actions?: string
  /** rsyslog's template for the file and, by the name `message`, for the actions. */
  readonly template?: string
}

/**
 * A real rsyslogd in the foreground. It takes messages from a local stream socket, and writes each one through its own
 * template into a file of its own: what it sends or received, said by itself.
 */
export class Rsyslog {
  readonly #room: Room
  readonly #name: string
  #program: Program | undefined

  private constructor(room: Room, name: string) {
    this.#room = room
    this.#name = name
  }

  static async start(room: Room, options: RsyslogOptions): Promise<Rsyslog> {
    const rsyslog = new Rsyslog(room, options.name ?? 'rsyslog')
    await writeFile(rsyslog.#path('conf'), rsyslog.#configuration(options))
    await rsyslog.restart()
    return rsyslog
  }

  /** Starts it (again) with the same configuration and files. */
  async restart(): Promise<void> {
    this.#program = await Program.start(this.#room, 'rsyslogd', ['-n', '-f', this.#path('conf'), '-i', this.#path('pid')])
    const program = this.#program
    await until('rsyslogd to open its socket', () => {
      if (!program.alive) throw new Error(`rsyslogd ended: ${program.output}`)
      return existsSync(this.#path('pid')) && existsSync(this.#path('sock'))
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.#program?.signal(signal)
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    await this.#program?.stop(signal)
    // What it leaves behind when killed would look as if the next one were ready.
    for (const ending of ['pid', 'sock']) await rm(this.#path(ending), { force: true })
  }

  /** Hands it messages, exactly these bytes each. */
  async feed(messages: readonly Buffer[]): Promise<void> {
    await sendFrames({ path: this.#path('sock') }, messages)
  }

  /** What its file holds by now: whole messages only. */
  async written(): Promise<Buffer[]> {
    if (!existsSync(this.#path('out'))) return []
    const records = (await readFile(this.#path('out'))).toString('latin1').split(separator)
    return records.slice(0, -1).map((record) => Buffer.from(record, 'latin1'))
  }

  async waitForWritten(count: number, timeoutMs?: number): Promise<Buffer[]> {
    let seen = 0
    return await until(
      () => `${count} messages in rsyslog's file; it has ${seen}`,
      async () => {
        const messages = await this.written()
        seen = messages.length
        return seen >= count && messages
      },
      timeoutMs,
    )
  }

  #path(ending: string): string {
    return this.#room.path(`${this.#name}.${ending}`)
  }

  #configuration(options: RsyslogOptions): string {
    const template = options.template ?? '%rawmsg%'
    // By default rsyslog rewrites control characters, takes away a line feed at the end, and has workers that overtake each other.
    return `
main_queue(queue.workerThreads="1")
global(workDirectory="${this.#room.dir}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off"
  parser.dropTrailingLFOnReception="off" ${options.global ?? ''})
template(name="message" type="string" string="${template}")
template(name="record" type="string" string="${template}${separator}")
module(load="imptcp")
input(type="imptcp" path="${this.#path('sock')}" ruleset="main")
${options.inputs ?? ''}
ruleset(name="main") {
  action(type="omfile" file="${this.#path('out')}" template="record")
  ${options.actions ?? ''}
}
`
  }
}
