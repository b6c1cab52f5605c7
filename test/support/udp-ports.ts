import type { Test } from 'tap'
import { RelayError } from '../../src/core/errors.ts'
import { Collector } from '../../src/sources/collector.ts'
import { planAddresses } from '../../src/sources/listen-addresses.ts'
import { newSourceCounters } from '../../src/sources/source-counters.ts'
import type { UdpPorts } from '../../src/sources/udp-port.ts'
import { UdpReceiver } from '../../src/sources/udp-receiver.ts'
import { UdpSource } from '../../src/sources/udp-source.ts'
import { FakeIntake } from './fake-intake.ts'
import { RecordingLogger } from './recording-logger.ts'
import { sourceConfig } from './running-source.ts'

/** Both ways in which ports are read: by the receiver thread, and by Node.js where koffi cannot be had. */
export const readers: readonly { name: string; ports: (t: Test) => UdpPorts }[] = [
  {
    name: 'thread',
    ports(t) {
      const logger = new RecordingLogger()
      // Whatever the thread leaves to its fallback is told in the log.
      t.teardown(() => {
        if (logger.lines.length > 0) throw new Error(JSON.stringify(logger.lines))
      })
      return new UdpReceiver({ logger })
    },
  },
  {
    name: 'dgram',
    ports: () => new UdpReceiver({ logger: new RecordingLogger(), load: () => new RelayError('INTERNAL', 'koffi cannot be loaded') }),
  },
]

export const plenty = AbortSignal.timeout(60_000)

/** An open UDP source with a fake intake, stopped when the test ends. */
export async function openUdp(t: Test, ports: UdpPorts, overrides: object = {}, checkDropsMs = 5) {
  const intake = new FakeIntake()
  const logger = new RecordingLogger()
  const counters = newSourceCounters()
  const collector = new Collector({ intake, logger, onRelief: () => undefined })
  const config = sourceConfig(overrides)
  const udp = new UdpSource(config, { intake, logger, collector, counters, ports, checkDropsMs })
  const port = await udp.open(await planAddresses(config.host), config.port ?? 0)
  const stop = async () => {
    await udp.stop(plenty)
    await collector.stop(plenty)
  }
  t.teardown(stop)
  return { udp, intake, logger, counters, collector, port, stop }
}
