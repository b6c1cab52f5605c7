import { test } from 'tap'
import { Certificates } from '../../../src/app/certificates.ts'
import { pipelineSpecs } from '../../../src/app/compose/compose.ts'
import { ConnectionBudget } from '../../../src/sources/connection-budget.ts'
import { UdpReceiver } from '../../../src/sources/udp-receiver.ts'
import { fileSink, pipeline, type RelayConfig } from '../../support/relay-config.ts'
import { keptLog, parsedConfig } from '../../support/relay-in-process.ts'

const sinks = { one: fileSink('one.log'), two: fileSink('two.log') }
const base: RelayConfig = {
  sinks,
  pipelines: { secure: pipeline(['one']), plain: pipeline(['two'], { source: { transports: ['udp', 'tcp'] } }) },
}

/** The pipelines that a reload from one configuration to the other would touch. */
function touched(from: RelayConfig, to: RelayConfig): string[] {
  const identities = (input: RelayConfig) => {
    const config = parsedConfig('/nowhere', input)
    const { logger } = keptLog()
    const surroundings = {
      certificates: new Certificates(config, logger),
      logger,
      budget: new ConnectionBudget(() => 0),
      udpPorts: new UdpReceiver({ logger }),
    }
    return new Map(pipelineSpecs(config, surroundings).map(({ name, identity }) => [name, identity]))
  }
  const before = identities(from)
  return [...identities(to)].filter(([name, identity]) => before.get(name) !== identity).map(([name]) => name)
}

test('a pipeline is touched by what it depends on, and by nothing else', async (t) => {
  t.strictSame(touched(base, { ...base }), [])
  t.strictSame(touched(base, { ...base, sinks: { ...sinks, one: fileSink('else.log') } }), ['secure'])
  t.strictSame(touched(base, { ...base, sinks: { ...sinks, three: fileSink() } }), [], 'a sink that nobody uses')
  t.strictSame(touched(base, { ...base, tls: { min_version: 'TLSv1.3' } }), ['secure'], 'certificates matter to those who show them')
  t.strictSame(touched(base, { ...base, min_free_disk: '1GiB' }), ['secure', 'plain'])
  t.strictSame(touched(base, { ...base, log: { level: 'debug' }, stop_timeout: '1s', health: { listen: '127.0.0.1:0' } }), [])
  t.strictSame(touched(base, { ...base, pipelines: { ...base.pipelines, plain: pipeline(['two'], { queue: { max_size: '1GiB' } }) } }), [
    'plain',
  ])
})
