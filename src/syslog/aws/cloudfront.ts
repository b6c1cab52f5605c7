import { httpVersion, tlsFields } from './http-fields.ts'
import { type AwsRecord, type Fields, integer, ip, jsonObject, measured, outcome, pruned, related, timestamp, word } from './values.ts'

/** Standard logs (legacy) have these, in this order. */
const defaultColumns =
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) ' +
  'x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher ' +
  'x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type ' +
  'sc-content-type sc-content-len sc-range-start sc-range-end'
/** Logs from before December 2019 have no more; the later columns were added behind. */
const fewestColumns = 24
const nanosecondsPerSecond = 1e9

type Column = (name: string) => string | undefined

/**
 * A line of CloudFront's standard logs:
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
 *
 * `header`: the names of the columns, from the line `#Fields:`, where they are not the default ones. A JSON object has them itself.
 */
export function cloudfrontRecord(text: string, header?: string): AwsRecord | undefined {
  const column = text.startsWith('{') ? jsonColumns(text) : textColumns(text, header ?? defaultColumns)
  const time = column === undefined ? undefined : timestamp(`${column('date')}T${column('time')}Z`)
  return column === undefined || time === undefined ? undefined : { timestamp: time, fields: pruned(fieldsOf(column)) }
}

function jsonColumns(text: string): Column | undefined {
  const record = jsonObject(text)
  return record && ((name) => word(record[name]))
}

let lastHeader = ''
let lastIndexes: ReadonlyMap<string, number> = new Map()

function textColumns(text: string, header: string): Column | undefined {
  if (header !== lastHeader) {
    lastIndexes = new Map(header.split(/\s+/).map((name, index) => [name, index]))
    lastHeader = header
  }
  const indexes = lastIndexes
  const words = text.split('\t')
  if (words.length < Math.min(fewestColumns, indexes.size)) return undefined
  return (name) => word(words[indexes.get(name) ?? -1])
}

function fieldsOf(column: Column): Fields {
  const source = ip(column('c-ip'))
  const host = column('x-host-header')
  const scheme = column('cs-protocol')?.toLowerCase()
  const path = column('cs-uri-stem')
  const query = column('cs-uri-query')
  const status = integer(column('sc-status'))
  const id = column('x-edge-request-id')
  return {
    event: {
      kind: 'event',
      category: ['web'],
      type: ['access'],
      id,
      duration: duration(column('time-taken')),
      outcome: outcome(status),
    },
    source: { address: column('c-ip'), ip: source, port: integer(column('c-port')) },
    destination: { address: host, domain: host },
    network: { protocol: scheme, forwarded_ip: ip(column('x-forwarded-for')?.split(/(?:,|%2C)/)[0]) },
    http: {
      version: httpVersion(column('cs-protocol-version')),
      request: { id, method: column('cs-method'), bytes: integer(column('cs-bytes')), referrer: decoded(column('cs(Referer)')) },
      response: {
        status_code: status,
        bytes: integer(column('sc-bytes')),
        mime_type: decoded(column('sc-content-type')),
        body: { bytes: integer(column('sc-content-len')) },
      },
    },
    url: {
      scheme,
      domain: host,
      path,
      query,
      full: scheme && host && path && `${scheme}://${host}${path}${query === undefined ? '' : `?${query}`}`,
    },
    user_agent: { original: decoded(column('cs(User-Agent)')) },
    tls: tlsFields(column('ssl-protocol'), column('ssl-cipher')),
    cloud: { provider: 'aws' },
    related: { ip: related(source), hosts: related(column('cs(Host)'), host) },
    aws: { cloudfront: cloudfrontFields(column) },
  }
}

function cloudfrontFields(column: Column): Fields {
  return {
    domain: column('cs(Host)'),
    edge_location: column('x-edge-location'),
    edge_result_type: column('x-edge-result-type'),
    edge_response_result_type: column('x-edge-response-result-type'),
    edge_detailed_result_type: column('x-edge-detailed-result-type'),
    cookies: column('cs(Cookie)'),
    fle_status: column('fle-status'),
    fle_encrypted_fields: column('fle-encrypted-fields'),
    time_to_first_byte: measured(column('time-to-first-byte')),
    range_start: integer(column('sc-range-start')),
    range_end: integer(column('sc-range-end')),
  }
}

function duration(seconds: string | undefined): number | undefined {
  const read = measured(seconds)
  return read === undefined ? undefined : Math.round(read * nanosecondsPerSecond)
}

/** URL-encoded by CloudFront; as it is where that is not so. */
function decoded(value: string | undefined): string | undefined {
  if (value === undefined || !value.includes('%')) return value
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
