import { Authority } from '../../test/real/support/certificates.ts'
import { Relay } from '../../test/real/support/relay.ts'
import type { RelayUnderTest, RunningLogrelay } from './relay-under-test.ts'

export const durable = logrelay('logrelay', 'always', 'on disk, fsynced')
export const assisted = logrelay('logrelay, assisted', 'assisted', 'in memory, on disk when sinks lag')

function logrelay(name: string, durability: 'always' | 'assisted', storage: string): RelayUnderTest<RunningLogrelay> {
  return {
    name,
    storage,
    takesTls: true,
    formats: ['rfc5424', 'raw'],
    async start(room, { upstreamPort, tls, maxQueueBytes }) {
      const pair = tls === true ? await (await Authority.create(room)).sign('relay') : undefined
      const relay = await Relay.start(room, {
        queue: { durability, ...(maxQueueBytes === undefined ? {} : { max_size: maxQueueBytes }) },
        sink: { type: 'syslog', endpoints: [`tcp://127.0.0.1:${upstreamPort}`], format: 'raw', framing: 'newline' },
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
