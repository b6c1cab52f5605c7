import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import type { ListeningSourceConfig, SyslogSourceConfig } from '../../src/config/schema.ts'
import { relpSourceSchema, syslogSourceSchema } from '../../src/config/source-schema.ts'
import { ListeningSource, type ListeningSourceOptions } from '../../src/sources/listening-source.ts'
import { FakeIntake } from './fake-intake.ts'
import { RecordingLogger } from './recording-logger.ts'

export interface RunningSource {
  readonly source: ListeningSource
  readonly intake: FakeIntake
  readonly logger: RecordingLogger
  readonly port: number
}

/** Configuration as YAML would give it; loopback and a port from the system unless told otherwise. */
export function sourceConfig(overrides: object = {}): SyslogSourceConfig {
  const basics = { type: 'syslog', host: '127.0.0.1', port: 0, transports: ['udp', 'tcp'], receive_buffer: '64KiB' }
  return syslogSourceSchema.parse({ ...basics, ...overrides })
}

/** What a source does not own. */
type Shared = Pick<ListeningSourceOptions, 'tls' | 'budget' | 'answerTimeoutMs'>

/** A started source with a fake intake, stopped when the test ends. */
export function runSource(t: Test, overrides: object = {}, shared: Shared = {}): Promise<RunningSource> {
  return run(t, sourceConfig(overrides), shared)
}

/** The same for RELP. */
export function runRelp(t: Test, overrides: object = {}, shared: Shared = {}): Promise<RunningSource> {
  const basics = { type: 'relp', host: '127.0.0.1', port: 0, transports: ['tcp'] }
  return run(t, relpSourceSchema.parse({ ...basics, ...overrides }), shared)
}

async function run(t: Test, config: ListeningSourceConfig, shared: Shared): Promise<RunningSource> {
  const intake = new FakeIntake()
  const logger = new RecordingLogger()
  const source = new ListeningSource(config, { intake, logger, ...shared })
  await source.start()
  t.teardown(() => source.stop(AbortSignal.abort()))
  return { source, intake, logger, port: source.stats().listening[0]?.port ?? 0 }
}

/** A connected TCP client, whose errors the test looks at itself or not at all. */
export async function connectTo(t: Test, port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host, allowHalfOpen: true })
  socket.on('error', () => undefined)
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** The error code with which a connection is refused, or `connected`. */
export async function tryConnect(port: number, host = '127.0.0.1'): Promise<string> {
  const socket = connect({ port, host })
  const answer = await new Promise<string>((resolve) => {
    socket.once('connect', () => resolve('connected'))
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
  socket.destroy()
  return answer
}

/** Sends datagrams one after the other from one socket. */
export async function sendDatagrams(port: number, datagrams: readonly (string | Buffer)[], host = '127.0.0.1'): Promise<void> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  for (const datagram of datagrams) {
    await new Promise<void>((resolve, reject) => socket.send(datagram, port, host, (error) => (error === null ? resolve() : reject(error))))
  }
  socket.close()
}

/** Resolves when `condition` holds, looked at once in each turn of the event loop: for counters that announce nothing. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

/** Resolves when the other side has closed or reset the connection. */
export async function closedByPeer(socket: Socket): Promise<void> {
  socket.resume()
  await new Promise<void>((resolve) => {
    if (socket.readableEnded || socket.destroyed) resolve()
    socket.once('end', resolve).once('close', resolve)
  })
}
