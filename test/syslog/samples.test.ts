import { test } from 'tap'
import { toEcs } from '../../src/syslog/ecs.ts'
import { formatRfc5424 } from '../../src/syslog/format-rfc5424.ts'
import type { SyslogMessage } from '../../src/syslog/message.ts'
import { parseMessage } from '../../src/syslog/parse-message.ts'
import { bodySamples } from './samples/bodies.ts'
import { ciscoSamples } from './samples/cisco.ts'
import { firewallSamples } from './samples/firewalls.ts'
import { rfcExamples } from './samples/rfc-examples.ts'
import { type Expected, receivedAtMs, type Sample } from './samples/sample.ts'
import { serverSamples } from './samples/servers.ts'
import { windowsSamples } from './samples/windows.ts'

const families = {
  'RFC examples': rfcExamples,
  Cisco: ciscoSamples,
  firewalls: firewallSamples,
  servers: serverSamples,
  Windows: windowsSamples,
  bodies: bodySamples,
}

function parse({ raw, device, timezone = 'UTC' }: Sample): SyslogMessage {
  return parseMessage(Buffer.from(raw), { device, timezone, receivedAtMs })
}

/** The fields that are there, in the samples' notation. */
function fieldsOf({
  facility,
  severity,
  messageStart,
  messageEnd,
  structuredDataStart,
  structuredDataEnd,
  ...rest
}: SyslogMessage): Expected {
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as Expected
}

for (const [family, samples] of Object.entries(families)) {
  test(`${family}: every field of every sample`, async (t) => {
    for (const sample of samples) {
      const parsed = parse(sample)
      t.strictSame(fieldsOf(parsed), { problems: [], ...sample.expected }, sample.name)
      const { priority } = sample.expected
      t.equal(parsed.facility, priority === undefined ? undefined : Math.floor(priority / 8), `${sample.name}: facility`)
      t.equal(parsed.severity, priority === undefined ? undefined : priority % 8, `${sample.name}: severity`)
    }
  })

  test(`${family}: as JSON and as RFC 5424`, async (t) => {
    for (const sample of samples) {
      const raw = Buffer.from(sample.raw)
      const parsed = parse(sample)
      const { '@timestamp': time, message, event } = toEcs(parsed, raw, { receivedAtMs })
      t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/, `${sample.name}: RFC 3339`)
      t.equal(message, sample.expected.message, sample.name)
      t.match(event, { original: sample.raw }, `${sample.name}: original`)
      const again = parseMessage(formatRfc5424(parsed, raw, { receivedAtMs }), { timezone: 'UTC', receivedAtMs })
      t.strictSame(again.problems, [], `${sample.name}: the rewritten message is without fault`)
      const { hostname, appName, procId, msgId } = sample.expected
      t.match(again, { priority: sample.expected.priority ?? 13, version: 1, hostname, appName, procId, msgId, message }, sample.name)
    }
  })
}
