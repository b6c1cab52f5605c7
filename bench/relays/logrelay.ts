import { Authority } from '../../test/real/support/certificates.ts'
import { Relay, type RelayOptions } from '../../test/real/support/relay.ts'
import { type RelayUnderTest, type RunningLogrelay, searchIndex } from './relay-under-test.ts'

type SinkTo = (upstreamPort: number) => RelayOptions['sink']

const fsynced = 'on disk, fsynced'
export const durable = logrelay('logrelay', 'always', fsynced, syslogSink)
export const assisted = logrelay('logrelay, assisted', 'assisted', 'in memory, on disk when sinks lag', syslogSink)

/** To a store of documents. */
export const indexing = logrelay('logrelay', 'always', fsynced, (port) => searchSink(port, 'gzip'))
export const indexingPlain = logrelay('logrelay, no gzip', 'always', fsynced, (port) => searchSink(port, 'none'))

function syslogSink(port: number): RelayOptions['sink'] {
  return { type: 'syslog', endpoints: [`tcp://127.0.0.1:${port}`], format: 'raw', framing: 'newline' }
}

export function searchSink(port: number, compression: 'gzip' | 'none'): RelayOptions['sink'] {
  return { type: 'elasticsearch', endpoints: [`http://127.0.0.1:${port}`], index: searchIndex, compression }
}

function logrelay(name: string, durability: 'always' | 'assisted', storage: string, sinkTo: SinkTo): RelayUnderTest<RunningLogrelay> {
  return {
    name,
    storage,
    takesTls: true,
    formats: ['rfc5424', 'raw'],
    async start(room, { upstreamPort, tls, maxQueueBytes }) {
      const pair = tls === true ? await (await Authority.create(room)).sign('relay') : undefined
      const relay = await Relay.start(room, {
        queue: { durability, ...(maxQueueBytes === undefined ? {} : { max_size: maxQueueBytes }) },
        sink: sinkTo(upstreamPort),
        ...(pair === undefined ? {} : { tls: { cert_file: pair.certFile, key_file: pair.keyFile } }),
      })
      return {
        get pid() {
          return relay.pid
        },
        port: relay.port,
        tlsPort: relay.port,
        adminPort: relay.adminPort,
        dataDir: room.path('data'),
        ledger: async () => (await relay.status()).ledger,
        status: () => relay.status(),
        stop: () => relay.stop(),
        async restart() {
          await relay.kill()
          const began = performance.now()
          await relay.restart()
          return (performance.now() - began) / 1000
        },
      }
    },
  }
}
