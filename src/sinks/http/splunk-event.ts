import type { Message } from '../../batch/messages.ts'
import type { HttpSinkConfig } from '../../config/schema.ts'
import { facilityNames, severityNames } from '../../syslog/names.ts'
import { parseMessage } from '../../syslog/parse-message.ts'

export type SplunkConfig = NonNullable<HttpSinkConfig['splunk']>

export interface SplunkEventOptions {
  readonly splunk: Pick<SplunkConfig, 'index' | 'source' | 'sourcetype'>
  readonly pipelineName: string
  /** Of the pipeline's source. */
  readonly device: string
  readonly timezone: string
}

/**
 * Messages as events of Splunk's HTTP Event Collector ("Format events for HTTP Event Collector"): `event` is the message as it was
 * received, `host` who wrote it, `time` its own time, else the receive time. `fields` are indexed beside it: flat, and texts only.
 */
export function createSplunkEvent({ splunk, pipelineName, device, timezone }: SplunkEventOptions): (message: Message) => Buffer {
  const { source = pipelineName, sourcetype, index } = splunk
  return ({ bytes, origin, receivedAtMs }) => {
    const parsed = parseMessage(bytes, { device, timezone, receivedAtMs })
    const { timestamp, hostname, appName, facility, severity, problems } = parsed
    const fields: Record<string, string> = { peer: origin.peer }
    if (facility !== undefined) fields.facility = facilityNames[facility] as string
    if (severity !== undefined) fields.severity = severityNames[severity] as string
    if (appName !== undefined) fields.appname = appName
    // The text has U+FFFD where bytes could not be read.
    if (problems.includes('not_utf8')) fields.original_base64 = bytes.toString('base64')
    const time = seconds(timestamp, receivedAtMs)
    // What is undefined is left out.
    return Buffer.from(
      JSON.stringify({ time, host: hostname ?? origin.peer, source, sourcetype, index, event: bytes.toString('utf8'), fields }),
    )
  }
}

/** Since the epoch, with milliseconds. */
function seconds(timestamp: string | undefined, receivedAtMs: number): number {
  const ownMs = timestamp === undefined ? Number.NaN : Date.parse(timestamp)
  return Math.floor(Number.isNaN(ownMs) ? receivedAtMs : ownMs) / 1000
}
