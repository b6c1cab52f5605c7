import type { RelayApi } from '../../src/cli/relay-api.ts'
import { runCli } from '../../src/cli/run-cli.ts'
import type { Terminal } from '../../src/cli/terminal.ts'

/** A terminal that remembers. `closeAfter`: whoever reads the output goes away after so many writes. */
export class FakeTerminal implements Terminal {
  readonly input: AsyncIterable<Buffer>
  outText = ''
  errText = ''
  writes = 0
  readonly #closed = new AbortController()
  readonly #closeAfter: number

  constructor(input: AsyncIterable<Buffer> | string[] = [], closeAfter = Number.POSITIVE_INFINITY) {
    this.input = Array.isArray(input) ? chunksOf(input) : input
    this.#closeAfter = closeAfter
  }

  get closed(): AbortSignal {
    return this.#closed.signal
  }

  async out(data: string | Uint8Array): Promise<void> {
    if (this.closed.aborted) return
    this.outText += typeof data === 'string' ? data : Buffer.from(data).toString('latin1')
    if (++this.writes >= this.#closeAfter) this.#closed.abort()
  }

  err(text: string): void {
    this.errText += text
  }
}

async function* chunksOf(texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text)
}

/** A relay of which only the named parts may be asked. */
export function fakeRelay(parts: Partial<RelayApi> = {}): RelayApi {
  const unexpected = (): never => {
    throw new Error('the command asked the relay for something else')
  }
  return {
    runRelay: unexpected,
    getStatus: unexpected,
    getQueue: unexpected,
    queueMessages: unexpected,
    offlineQueue: unexpected,
    offlineMessages: unexpected,
    drain: unexpected,
    benchSelf: unexpected,
    unitSurroundings: unexpected,
    writeUnit: unexpected,
    bucketWarnings: async () => [],
    doctor: unexpected,
    letters: {
      groups: unexpected,
      read: unexpected,
      replay: unexpected,
      drop: unexpected,
      offlineGroups: unexpected,
      offlineRead: unexpected,
    },
    ...parts,
  }
}

export async function run(args: readonly string[], { terminal = new FakeTerminal(), relay = fakeRelay() } = {}) {
  const status = await runCli(args, { terminal, relay })
  return { status, out: terminal.outText, err: terminal.errText, terminal }
}
