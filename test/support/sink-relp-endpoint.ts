import type { Test } from 'tap'
import type { SyslogSinkConfig } from '../../src/config/schema.ts'
import { RelpEndpoint, type RelpOptions } from '../../src/sinks/relp-endpoint.ts'
import type { FormatMessage } from '../../src/syslog/formatter.ts'
import { RecordingLogger } from './recording-logger.ts'
import { goodOpenAnswer, type RelpPeer, RelpServer } from './sink-relp-server.ts'

export const never = new AbortController().signal
export const tls: SyslogSinkConfig['tls'] = { verify: true, min_version: 'TLSv1.2' }
export const options = { tls, connect_timeout: 10_000, max_unsettled_bytes: 2 ** 27, max_connection_age: 0 } as const
export interface Subject {
  readonly server: RelpServer
  readonly sink: RelpEndpoint
  readonly logger: RecordingLogger
}

/** A RELP server and an endpoint that sends to it, both gone at the end of the test. */
export async function subject(t: Test, different: Partial<RelpOptions> = {}, format: FormatMessage | 'raw' = 'raw'): Promise<Subject> {
  const server = new RelpServer()
  await server.listen()
  const logger = new RecordingLogger()
  const endpoint = { scheme: 'relp', host: '127.0.0.1', port: server.port } as const
  const sink = new RelpEndpoint(endpoint, { ...options, ...different }, { format, logger })
  t.teardown(async () => {
    await sink.stop(AbortSignal.abort())
    await server.close()
  })
  return { server, sink, logger }
}

/** Opens, and answers for no message: that is left to the test. */
export function holdAnswers(server: RelpServer): void {
  server.script = ({ command }) => (command === 'syslog' ? undefined : command === 'open' ? goodOpenAnswer : '')
}

export function syslogs({ commands }: RelpPeer): number[] {
  return commands.filter(({ command }) => command === 'syslog').map(({ txnr }) => txnr)
}
