import { BatchEndpoint } from '../../../src/sinks/http/batch-endpoint.ts'
import type { Dialect, NumberedMessage } from '../../../src/sinks/http/dialect.ts'
import type { FormatMessage } from '../../../src/syslog/formatter.ts'
import { sinkConformance } from '../../conformance/sink-conformance.ts'
import { clientFor } from '../../support/http-client-for.ts'
import { ScriptedHttpServer } from '../../support/http-server.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { ScriptedDialect } from '../../support/scripted-dialect.ts'

for (const compression of ['gzip', 'none'] as const) {
  sinkConformance(`http, ${compression}`, async (t, format) => {
    const server = await new ScriptedHttpServer().listen()
    t.teardown(() => server.close())
    const client = clientFor(server)
    const options = { max_request_size: 2 ** 20, max_requests_in_flight: 4, request_timeout: 60_000, compression }
    return {
      sink: new BatchEndpoint({ client, dialect: new LinesOf(format), options, logger: new RecordingLogger() }),
      received: async (atLeast) => {
        const messages = () => server.requests.flatMap(({ body }) => body.toString().split('\n').slice(0, -1))
        await server.until(() => messages().length >= atLeast)
        return messages()
      },
      break: () => server.close(),
      repair: async () => void (await server.listen()),
      stall: () => {
        server.script = () => 'hang'
      },
    }
  })
}

/** Messages in a format, one a line. */
class LinesOf extends ScriptedDialect implements Dialect {
  readonly #format: FormatMessage | 'raw'

  constructor(format: FormatMessage | 'raw') {
    super()
    this.#format = format
  }

  override encode(message: NumberedMessage): Buffer {
    return Buffer.concat([this.#format === 'raw' ? message.bytes : this.#format(message), Buffer.from('\n')])
  }
}
