import { blockMessages, messageBlock, messageBytes } from './message-layout.ts'

const idBytes = 34
const idDigits = 16

/** How far a message's header reaches: the documents have what comes behind it as their text. */
const textAt = messageBlock(1).indexOf('seq=')

/**
 * Bodies of `_bulk` requests as the relay makes them, each with as many documents as a sender's block has messages. `ids` says whether documents are
 * created under ids of ours, new ones in each body, as the relay does, or written under ids of the node's choice, as most others do.
 */
export class BulkBodies {
  readonly documents = blockMessages
  readonly #body: Buffer
  readonly #idAt: readonly number[]
  #next = 0

  constructor(ids: boolean) {
    const texts = messageBlock(1).toString('latin1').split('\n').slice(0, blockMessages)
    const action = ids ? `{"create":{"_id":"${'0'.repeat(idBytes)}"}}` : '{"index":{}}'
    const documents = texts.map((text) => Buffer.from(`${action}\n${documentOf(text.slice(textAt, messageBytes))}\n`))
    this.#body = Buffer.concat(documents)
    const starts = documents.map((_, i) => documents.slice(0, i).reduce((sum, { length }) => sum + length, 0))
    this.#idAt = ids ? starts.map((start) => start + action.indexOf('0'.repeat(idBytes)) + idBytes - idDigits) : []
  }

  /** The next body: the same memory each time. */
  next(): Buffer {
    for (const at of this.#idAt) this.#body.write(String(this.#next++).padStart(idDigits, '0'), at, 'latin1')
    return this.#body
  }
}

function documentOf(message: string): string {
  const syslog = {
    ...{ priority: 134, facility: { code: 16, name: 'local0' }, severity: { code: 6, name: 'Informational' }, version: '1' },
    ...{ hostname: 'host.example.com', appname: 'nginx', procid: '4711', msgid: 'access' },
  }
  return JSON.stringify({
    '@timestamp': '2026-11-21T12:34:56.789012+00:00',
    message,
    event: { created: '2026-11-21T12:34:57.000Z', module: 'generic-rfc5424', dataset: 'generic-rfc5424' },
    log: { syslog },
    source: { ip: '127.0.0.1', port: 40_000 },
    client: { ip: '127.0.0.1', port: 40_000 },
    network: { transport: 'tcp', protocol: 'syslog' },
    ecs: { version: '8.17.0' },
    agent: { type: 'logrelay' },
    host: { name: 'host.example.com' },
  })
}
